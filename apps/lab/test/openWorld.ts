import { randomBytes } from 'node:crypto';
import { ContextSealer } from '@bulkhead/kernel';
import { PasswordHasher } from '@bulkhead/platform/identity';
import { connectionOf, createServer } from '@bulkhead/server';
import pg from 'pg';
import { testConfig } from '../../../test/harness/config.ts';
import { createTestDatabase, startTestServer } from '../../../test/harness/index.ts';
import type { TestDatabase } from '../../../test/harness/index.ts';
import { send, signUp, type Answer, type Person } from '../../../packages/server/test/fixture.ts';
import { books } from '../../books/src/index.ts';
import { openLab } from '../src/index.ts';
import type { AttemptResult, Lab, Target } from '../src/contract/index.ts';

/** A server with the lab, two tenants, and a secret of each. */
export type LabWorld = {
  url: string;
  database: TestDatabase;
  copy: string;
  visitor: Person;
  victim: Person;
  /** By tenant. */
  secrets: ReadonlyMap<string, string>;
  administrator: pg.ClientConfig;
  attempt: (text: string, target: Target) => Promise<AttemptResult>;
  read: () => Promise<Lab>;
  asSuperuser: <Row extends object>(sql: string, database?: string) => Promise<Row[]>;
  close: () => Promise<void>;
};

/** The copy's role is the cluster's, so the world has a Postgres of its own. */
// oxlint-disable-next-line eslint/max-lines-per-function -- one world, put together from top to bottom
export async function openLabWorld(options: { console?: string } = {}): Promise<LabWorld> {
  const opened = new AsyncDisposableStack();
  try {
    const postgres = await startTestServer();
    opened.defer(() => postgres.stop());
    const database = await createTestDatabase({ template: 'full', server: postgres });
    const config = testConfig(database, { http: options, lab: { enabled: true } });
    const copy = `lab_${randomBytes(4).toString('hex')}`;
    const administrator = database.connections.superuser;
    const lab = openLab({
      config,
      administrator,
      app: connectionOf(config.database, 'app'),
      sealer: new ContextSealer({ key: { id: config.context.keyId, secret: config.context.key } }),
      copy: { database: copy, password: 'a password of the copy alone' },
      randomHex: () => randomBytes(16).toString('hex'),
      limits: { milliseconds: 1000 },
    });
    const server = createServer(config, [books, lab.module], {
      logStream: { write: () => undefined },
      identity: { passwords: new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } }) },
    });
    opened.defer(() => server.close({ force: true }));
    const { url } = await server.listen();
    const [visitor, victim] = [await signUp(url), await signUp(url)];
    await lab.prepare();
    const asSuperuser = <Row extends object>(sql: string, name?: string) =>
      query<Row>({ ...administrator, ...(name === undefined ? {} : { database: name }) }, sql);
    const rows = await asSuperuser<{ tenant_id: string; secret: string }>('select * from lab.secret');
    const post = (text: string, target: Target): Promise<Answer> =>
      send(url, '/api/lab/attempts', {
        cookie: visitor.cookie,
        tenant: visitor.tenant,
        json: { text, target },
      });
    return {
      url,
      database,
      copy,
      visitor,
      victim,
      secrets: new Map(rows.map((row) => [row.tenant_id, row.secret])),
      administrator,
      attempt: async (text, target) => answered<AttemptResult>(await post(text, target)),
      read: async () =>
        answered<Lab>(
          await send(url, '/api/lab/attempts', { cookie: visitor.cookie, tenant: visitor.tenant }),
        ),
      asSuperuser,
      close: () => opened.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

function answered<Json>({ status, text, json }: Answer): Json {
  if (status !== 200) throw new Error(`the lab answered ${status}: ${text}`);
  return json as Json;
}

async function query<Row extends object>(connection: pg.ClientConfig, sql: string): Promise<Row[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
