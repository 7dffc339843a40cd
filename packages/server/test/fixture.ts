import { testConfig } from '../../../test/harness/config.ts';
import { createTestDatabase } from '../../../test/harness/index.ts';
import { mailedToken, makePerson, signUpByMail } from '../../../test/harness/people.ts';
import type { TestDatabase } from '../../../test/harness/index.ts';
import { PasswordHasher } from '@bulkhead/platform/identity';
import pg from 'pg';
import type { Config } from '../src/config/schema.ts';
import { createServer } from '../src/index.ts';
import type { Module, Server, ServerOptions } from '../src/index.ts';

export const goodPassword = 'seven copper lanterns drift';

export type Fixture = {
  database: TestDatabase;
  config: Config;
  server: Server;
  /** Base address, e.g. `http://127.0.0.1:41234`. */
  url: string;
  /** Log lines so far. */
  log: string[];
  close: () => Promise<void>;
};

/** A real server on a real database of its own. */
export async function openServer(
  modules: readonly Module[] = [],
  options: {
    http?: Partial<Config['http']>;
    mail?: Partial<Config['mail']>;
    server?: ServerOptions;
  } = {},
): Promise<Fixture> {
  const database = await createTestDatabase();
  const base = configFor(database, options.http);
  const config = { ...base, mail: { ...base.mail, ...options.mail } };
  const log: string[] = [];
  const server = createServer(config, modules, {
    logStream: { write: (line) => void log.push(line) },
    // The least work that still is Argon2id: what is tested here is not how slow it is.
    identity: { passwords: new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } }) },
    ...options.server,
  });
  try {
    const { port } = await server.listen();
    const url = `http://127.0.0.1:${port}`;
    databases.set(url, database);
    const close = async () => {
      databases.delete(url);
      await server.close({ force: true });
      await database.drop();
    };
    return { database, config, server, log, close, url };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

/** A configuration for a test's database, port free. */
export function configFor(database: TestDatabase, http: Partial<Config['http']> = {}): Config {
  const config = testConfig(database, { database: { identityConnections: 2 } });
  return {
    ...config,
    http: { ...config.http, shutdownTimeout: 10_000, maxBatch: 5, maxConnections: 1000, ...http },
  };
}

export type Call = {
  method?: string;
  cookie?: string | undefined;
  tenant?: string | undefined;
  company?: string | undefined;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: string | Uint8Array<ArrayBuffer>;
};

export type Answer = { status: number; headers: Headers; text: string; json: Record<string, unknown> };

/** Sends a request as a page of the server's own would: with Origin and Fetch Metadata. */
export async function send(url: string, path: string, call: Call = {}): Promise<Answer> {
  const headers = new Headers({
    origin: new URL(url).origin,
    'sec-fetch-site': 'same-origin',
    ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(call.cookie === undefined ? {} : { cookie: call.cookie }),
    ...(call.tenant === undefined ? {} : { 'bulkhead-tenant': call.tenant }),
    ...(call.company === undefined ? {} : { 'bulkhead-company': call.company }),
    ...call.headers,
  });
  const body = call.json === undefined ? call.body : JSON.stringify(call.json);
  const method = call.method ?? (body === undefined ? 'GET' : 'POST');
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

export type Person = { email: string; cookie: string; account: string; tenant: string };

let people = 0;

/** The databases of this fixture's servers, by the servers' addresses. */
const databases = new Map<string, TestDatabase>();

/** Gives somebody an account, a tenant of their own and a company in it, and signs them in. */
export async function signUp(url: string, options: { email?: string } = {}): Promise<Person> {
  people += 1;
  const email = options.email ?? `person-${people}@example.org`;
  const person = {
    email,
    password: goodPassword,
    name: `Person ${people}`,
    tenantName: `Tenant ${people}`,
    companyName: `Company ${people}`,
  };
  const database = databases.get(url);
  if (database === undefined) {
    const { cookie, session } = await signUpByMail(url, person);
    return { email, cookie, account: session.account.id, tenant: session.memberships[0]?.tenant.id ?? '' };
  }
  const { accountId, tenantId } = await makePerson(database, person);
  const answer = await send(url, '/api/session', { json: { email, password: goodPassword } });
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`);
  return { email, cookie: cookieOf(answer), account: accountId, tenant: tenantId };
}

/** The `name=value` part of the session cookie an answer sets. */
export function cookieOf({ headers }: Pick<Answer, 'headers'>): string {
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** The tenant's first company. */
export async function companyOf(url: string, { cookie, tenant }: Person): Promise<string> {
  const answer = await send(url, '/api/companies', { cookie, tenant });
  const { companies } = answer.json as { companies: { id: string }[] };
  return companies[0]?.id ?? '';
}

/** Makes `person` a member of `host`'s tenant, by an invite that is really sent and accepted. */
export async function join(
  fixture: Pick<Fixture, 'url' | 'database'>,
  options: { host: Person; person: Person; role: string; moduleRoles?: string[]; companies?: string[] },
): Promise<void> {
  const { url, database } = fixture;
  const { host, person, role, moduleRoles = [], companies = null } = options;
  await verifyAddress(database, person.account);
  const invited = await send(url, '/api/invites', {
    cookie: host.cookie,
    tenant: host.tenant,
    json: { email: person.email, role, moduleRoles, companies },
  });
  if (invited.status !== 201) throw new Error(`invite answered ${invited.status}: ${invited.text}`);
  const accepted = await send(url, '/api/invites/accept', {
    cookie: person.cookie,
    json: { token: await mailedToken(url, { to: person.email, kind: 'invite' }) },
  });
  if (accepted.status !== 200) throw new Error(`accept answered ${accepted.status}: ${accepted.text}`);
}

/** Somebody whom the service's owner has made an operator. */
export async function signUpOperator({ url, database }: Pick<Fixture, 'url' | 'database'>): Promise<Person> {
  const person = await signUp(url);
  await verifyAddress(database, person.account);
  await asRole(database, 'owner', (client) =>
    client.query('select identity.promote_operator($1, $2)', [person.email, 'On call for support']),
  );
  return person;
}

/** Stands in for the mail that proves an address. */
async function verifyAddress(database: TestDatabase, account: string): Promise<void> {
  await asRole(database, 'superuser', (client) =>
    client.query('update identity.account set email_verified_at = now() where id = $1', [account]),
  );
}

/** Runs `work` on one connection of a role, which is closed again. */
export async function asRole<Result>(
  database: TestDatabase,
  role: keyof TestDatabase['connections'],
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(database.connections[role]);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
