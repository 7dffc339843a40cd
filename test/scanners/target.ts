import { books } from '@bulkhead/books';
import { PasswordHasher } from '@bulkhead/platform/identity';
import { createServer } from '@bulkhead/server';
import pg from 'pg';
import { testConfig } from '../harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../harness/index.ts';
import { makePerson } from '../harness/people.ts';
import { operationsOf, type OpenApiDocument, type Operation } from './operations.ts';
import { startRelay, type Relay } from './relay.ts';

export type Target = {
  operations: readonly Operation[];
  relay: Relay;
  /** Lines of the server's log that tell of a fault. */
  faults: () => string[];
  close: () => Promise<void>;
};

const password = 'seven copper lanterns drift';
const email = 'owner@example.net';

/** The whole server with a business module, and a relay to it that is signed in as the owner of a tenant. */
export async function openTarget(): Promise<Target> {
  const database = await createTestDatabase();
  const log: string[] = [];
  const config = testConfig(database, { database: { identityConnections: 4 } });
  const passwords = new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } });
  const server = createServer(config, [books], {
    logStream: { write: (line) => void log.push(line) },
    identity: { passwords },
  });
  const { port } = await server.listen();
  const url = `http://127.0.0.1:${port}`;
  const { tenantId } = await makePerson(database, {
    email,
    password,
    name: 'Robin Vale',
    tenantName: 'Vale & Co',
    companyName: 'Engines',
  });
  const caller = createSignIn(database, { url, tenant: tenantId });
  const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as OpenApiDocument;
  const operations = operationsOf(document);
  const control = await openControl(database);
  const relay = await startRelay({ target: url, operations, signIn: caller.signIn, control });
  return {
    operations,
    relay,
    faults: () => log.filter((line) => line.includes('"event":"fault"')),
    close: async () => {
      relay.close();
      await control.close();
      await caller.close();
      await server.close({ force: true });
      await database.drop();
    },
  };
}

/** Signs the owner in, and chooses the tenant and its company. */
function createSignIn(database: TestDatabase, { url, tenant }: { url: string; tenant: string }) {
  const superuser = new pg.Pool({ ...database.connections.superuser, max: 1 });
  superuser.on('error', () => {});
  const signIn = async (): Promise<Record<string, string>> => {
    // Whoever guesses the caller's own password, as a scanner does, is locked out.
    await superuser.query('delete from identity.sign_in_failure');
    const response = await fetch(`${url}/api/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    const { accessToken } = (await response.json()) as { accessToken?: string };
    if (accessToken === undefined) throw new Error(`sign-in answered ${response.status}`);
    const headers = { authorization: `Bearer ${accessToken}`, 'bulkhead-tenant': tenant };
    const found = await fetch(`${url}/api/companies`, { headers });
    const { companies } = (await found.json()) as { companies?: { id: string }[] };
    if (companies === undefined) throw new Error(`the list of companies answered ${found.status}`);
    return { ...headers, 'bulkhead-company': companies[0]?.id ?? '' };
  };
  return { signIn, close: () => superuser.end() };
}

/** A page as it should not be: it writes what it is given into a statement and its own text, and sends people where it is told. */
async function openControl(database: TestDatabase) {
  const pool = new pg.Pool({ ...database.connections.app, max: 4 });
  pool.on('error', () => {});
  return {
    form: `<form method="get" action="/control"><input name="word" value="probe"><input type="submit"></form>
      <form method="get" action="/control"><input name="next" value="/"><input type="submit"></form>`,
    answer: async (form: URLSearchParams) => {
      const next = form.get('next');
      if (next !== null) return { status: 302, location: next, html: '' };
      const word = form.get('word') ?? '';
      try {
        const { rows } = await pool.query<{ word: string }>(
          `select word from pg_get_keywords() where word = '${word}' or 'probe' = '${word}' limit 3`,
        );
        const found = rows.map((row) => `<li>${row.word}</li>`).join('');
        return { status: 200, html: `<p>Searched for ${word}</p><ul>${found}</ul>` };
      } catch (error) {
        return { status: 500, html: `<p>${word}: PostgreSQL query failed: ERROR: ${String(error)}</p>` };
      }
    },
    close: () => pool.end(),
  };
}
