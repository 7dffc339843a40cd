import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { books } from '@bulkhead/books';
import { eraseSubject } from '@bulkhead/platform/audit';
import { PasswordHasher } from '@bulkhead/platform/identity';
import { createServer, type Config, type ServerOptions } from '@bulkhead/server';
import pg from 'pg';
import { testConfig } from '../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { consoleFolder } from '../src/index.ts';

export type RunningConsole = {
  url: string;
  log: string[];
  /** Marks an address as confirmed, as following the link of a confirmation mail does. */
  confirmAddress: (email: string) => Promise<void>;
  /** Makes the account of a confirmed address an operator, as the owner role does. */
  promote: (email: string) => Promise<void>;
  /** Lets every proof of every session be eleven minutes old. */
  ageProofs: () => Promise<void>;
  /** Runs a statement as superuser with triggers off: what no role of Bulkhead may do. */
  tamper: (text: string) => Promise<void>;
  /** Removes what the audit log holds about a person. */
  eraseSubject: (tenantId: string, subjectId: string) => Promise<void>;
  close: () => Promise<void>;
};

/** The built console, served by a real server with the books on a real database of its own. */
export async function startConsole(
  options: Pick<ServerOptions, 'singleSignOn' | 'webhooks'> &
    Pick<Config, 'secretSources'> & { audit?: Record<string, unknown> } = {},
): Promise<RunningConsole> {
  const database = await createTestDatabase({ template: 'full' });
  const { secretSources = [], audit = {}, ...own } = options;
  const config = {
    ...testConfig(database, { http: { console: fileURLToPath(consoleFolder) }, audit }),
    secretSources,
  };
  const log: string[] = [];
  const server = createServer(config, [books], {
    ...own,
    logStream: { write: (line) => void log.push(line) },
    // The least work that still is Argon2id: how slow it is, is not what is tested here.
    identity: { passwords: new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } }) },
  });
  try {
    const { url } = await server.listen();
    const close = async () => {
      await server.close({ force: true });
      await database.drop();
    };
    const run = (text: string, values: unknown[] = []) => asSuperuser(database, text, values);
    return {
      url,
      log,
      confirmAddress: (email) =>
        run('update identity.account set email_verified_at = now() where email_normalised = $1', [email]),
      promote: (email) => run('select identity.promote_operator($1, $2)', [email, 'On call for support']),
      ageProofs: () =>
        run(
          `update identity.session set auth_time = auth_time - interval '11 minutes' where ended_at is null`,
        ),
      tamper: (text) => run(`set session_replication_role = 'replica'; ${text}`),
      eraseSubject: (tenantId, subjectId) => eraseAs(database, { tenantId, subjectId }),
      close,
    };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

async function eraseAs(
  { connections }: TestDatabase,
  subject: { tenantId: string; subjectId: string },
): Promise<void> {
  const worker = new pg.Client(connections.worker);
  await worker.connect();
  try {
    await eraseSubject(worker, { id: randomUUID(), ...subject, reason: 'erasure request 4711' });
  } finally {
    await worker.end();
  }
}

async function asSuperuser(database: TestDatabase, text: string, values: unknown[] = []): Promise<void> {
  const client = new pg.Client(database.connections.superuser);
  await client.connect();
  try {
    await client.query(text, values);
  } finally {
    await client.end();
  }
}
