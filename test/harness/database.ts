import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ContextSealer, type ContextKey } from '../../packages/kernel/src/context.ts';
import { sharedTestServer, type TestServer } from './server.ts';
import { openDatabase, templateDatabase, type TemplateName } from './template.ts';

export type { TemplateName } from './template.ts';

export type RoleName = 'superuser' | 'owner' | 'app' | 'identity' | 'worker' | 'auditor';

/** What `pg.Client` and `pg.Pool` take. */
export type Connection = { host: string; port: number; user: string; password: string; database: string };

export type TestDatabase = {
  name: string;
  server: TestServer;
  connections: Readonly<Record<RoleName, Connection>>;
  /** Registered in the database, except in an `empty` one. */
  key: ContextKey;
  /** Seals contexts with `key`. */
  sealer: ContextSealer;
  /** Removes the database, ending connections that are still open. */
  drop: () => Promise<void>;
};

export type DatabaseOptions = {
  /** Default `kernel`. */
  template?: TemplateName;
  /** Default: the server shared by the run. */
  server?: TestServer;
};

/** Clones a migrated template database; takes about a tenth of a second once the template exists. */
export async function createTestDatabase(options: DatabaseOptions = {}): Promise<TestDatabase> {
  const server = options.server ?? (await sharedTestServer());
  const template = await templateDatabase(server, options.template ?? 'kernel');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(server, `create database ${name} template ${template}`);
  await openDatabase(server, name);
  const connections = connectionsTo(server, name);
  const key: ContextKey = { id: randomBytes(4).toString('hex'), secret: randomBytes(32) };
  if (options.template !== 'empty') await register(connections.owner, key);
  return {
    name,
    server,
    connections,
    key,
    sealer: new ContextSealer({ key }),
    drop: () => dropDatabase(server, name),
  };
}

function connectionsTo({ admin }: TestServer, database: string): Record<RoleName, Connection> {
  const role = (name: string): Connection => ({ ...admin, user: `bulkhead_${name}`, database });
  return {
    superuser: { ...admin, database },
    owner: role('owner'),
    app: role('app'),
    identity: role('identity'),
    worker: role('worker'),
    auditor: role('auditor'),
  };
}

/**
 * Postgres itself waits up to five seconds for connections that are just closing; ending them by force at once would
 * hand their clients an error that nobody listens for any more.
 */
async function dropDatabase(server: TestServer, name: string): Promise<void> {
  try {
    await administer(server, `drop database if exists ${name}`);
  } catch {
    await administer(server, `drop database if exists ${name} with (force)`);
  }
}

async function register(owner: Connection, key: ContextKey): Promise<void> {
  await run(owner, 'select bulkhead.register_context_key($1, $2)', [key.id, key.secret]);
}

function administer(server: TestServer, statement: string): Promise<void> {
  return run(server.admin, statement, []);
}

async function run(connection: Connection, statement: string, values: unknown[]): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(statement, values);
  } finally {
    await client.end();
  }
}
