import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import * as client from 'openid-client';
import {
  identityDependencies,
  PasswordHasher,
  readSession,
  signIn,
  signUp,
} from '@bulkhead/platform/identity';
import type { IdentityDependencies, StartedSession } from '@bulkhead/platform/identity';
import { createClient, type ClientRegistration } from '@bulkhead/platform/identity/provider';
import { SigningKeys as ServiceKeys } from '@bulkhead/platform/identity/token';
import { createTenant } from '@bulkhead/platform/tenants';
import { createTestDatabase } from '../../../../test/harness/index.ts';
import type { TestDatabase } from '../../../../test/harness/index.ts';
import { testCipher } from '../../../../test/harness/cipher.ts';
import { createApp } from '../../src/http/app.ts';
import { readSessionCookie } from '../../src/http/cookie.ts';
import { securityHeaders } from '../../src/http/headers.ts';
import { createLog } from '../../src/http/log.ts';
import { mountGate } from '../../src/http/requests.ts';
import { providerKeys } from '../../src/provider/index.ts';
import type { SigningKeys } from '../../src/provider/keys.ts';
import { mountProvider } from '../../src/provider/mount.ts';
import type { ProviderHost } from '../../src/provider/host.ts';
import { configFor, goodPassword } from '../fixture.ts';
import { Browser } from './browser.ts';

export type Fixture = {
  database: TestDatabase;
  identity: IdentityDependencies;
  host: ProviderHost;
  origin: string;
  issuer: string;
  keys: ServiceKeys;
  signingKeys: SigningKeys;
  worker: pg.Pool;
  faults: unknown[];
  log: string[];
  register: (registration: Partial<ClientRegistration> & { id: string }) => Promise<Registered>;
  person: (options?: { tenants?: number }) => Promise<Person>;
  close: () => Promise<void>;
};

export type Person = {
  accountId: string;
  email: string;
  tenants: string[];
  started: StartedSession;
  /** A browser in which the person is signed in to the service. */
  browser: Browser;
};

/** A registered application, as openid-client sees it. */
export type Registered = {
  id: string;
  secret: string;
  redirectUri: string;
  configuration: client.Configuration;
};

let people = 0;

export type ProviderOptions = {
  /** The provider of changed sources; see mutant.ts. */
  mount?: typeof mountProvider;
  /** One condition of the identity pool's statements reads otherwise. */
  alter?: { from: string; to: string };
};

/** The provider on a real database, behind the server's real gate. */
export async function openProvider({ mount = mountProvider, alter }: ProviderOptions = {}): Promise<Fixture> {
  const database = await createTestDatabase({ template: 'full' });
  const pool = new pg.Pool(database.connections.identity);
  const worker = new pg.Pool(database.connections.worker);
  for (const one of [pool, worker]) one.on('error', () => {});
  if (alter !== undefined) pool.on('connect', (connection) => alterStatements(connection, alter));
  const cipher = testCipher();
  const identity = identityDependencies({
    pool,
    sealer: database.sealer,
    cipher,
    passwords: new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } }),
  });
  const keys = new ServiceKeys({ pool, cipher, sealer: database.sealer, clock: Date.now });
  const served = await serve({
    identity,
    cipher,
    signingKeys: providerKeys(keys),
    config: configFor(database),
    mount,
  });
  const { origin, faults, log, host } = served;
  const owner = new pg.Client(database.connections.owner);
  await owner.connect();
  const fixture: Fixture = {
    database,
    identity,
    host,
    origin,
    issuer: `${origin}/oidc`,
    keys,
    signingKeys: providerKeys(keys),
    worker,
    faults,
    log,
    register: (registration) => register(owner, { issuer: `${origin}/oidc`, registration }),
    person: (options) => signUpPerson(identity, { origin, ...options }),
    close: async () => {
      await served.close();
      await Promise.all([pool.end(), worker.end(), owner.end()]);
      await database.drop();
    },
  };
  return fixture;
}

type Served = Pick<Fixture, 'origin' | 'faults' | 'log' | 'host' | 'close'>;

/** The provider alone, behind the real gate. */
async function serve({
  identity,
  cipher,
  signingKeys,
  config,
  mount,
}: {
  identity: IdentityDependencies;
  cipher: ReturnType<typeof testCipher>;
  signingKeys: SigningKeys;
  config: ReturnType<typeof configFor>;
  mount: typeof mountProvider;
}): Promise<Served> {
  const faults: unknown[] = [];
  const log: string[] = [];
  const logger = createLog({ level: 'info', stream: { write: (line) => void log.push(line) } });
  const headers = securityHeaders({ https: false });
  const app = createApp(config.http, { log: logger, headers });
  const own = new Set<string>();
  mountGate(app, { log: logger, headers, draining: () => false, origins: () => own });
  let origin = '';
  const host = mount(app, {
    identity,
    cipher,
    masterKeys: [Buffer.alloc(32, 9)],
    signingKeys,
    origin: () => origin,
    onFault: (error) => faults.push(error),
    stepUpWays: () => Promise.resolve(['password']),
    readSession: async (request) => {
      const token = readSessionCookie(request.headers.cookie);
      return token === undefined ? null : readSession(identity, token);
    },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  origin = `http://localhost:${(app.server.address() as AddressInfo).port}`;
  own.add(origin);
  return { origin, faults, log, host, close: () => app.close() };
}

function alterStatements(connection: pg.PoolClient, { from, to }: { from: string; to: string }): void {
  const query = connection.query.bind(connection) as (...values: unknown[]) => unknown;
  const altered = (text: unknown, ...rest: unknown[]): unknown =>
    query(typeof text === 'string' ? text.replace(from, to) : text, ...rest);
  connection.query = altered as typeof connection.query;
}

async function register(
  owner: pg.Client,
  { issuer, registration }: { issuer: string; registration: Partial<ClientRegistration> & { id: string } },
): Promise<Registered> {
  const redirectUri = registration.redirectUris?.[0] ?? `https://${registration.id}.example.com/callback`;
  const full: ClientRegistration = {
    name: `Application ${registration.id}`,
    firstParty: true,
    authentication: 'secret',
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [],
    refresh: true,
    mayCall: [],
    resourceScopes: [],
    ...registration,
  };
  const { secret } = await createClient({ database: owner, clock: Date.now }, full, (size) =>
    crypto.getRandomValues(new Uint8Array(size)),
  );
  const configuration = await client.discovery(
    new URL(issuer),
    full.id,
    { id_token_signed_response_alg: 'EdDSA' },
    secret === null ? client.None() : client.ClientSecretBasic(secret),
    { execute: [client.allowInsecureRequests] },
  );
  return { id: full.id, secret: secret ?? '', redirectUri, configuration };
}

async function signUpPerson(
  identity: IdentityDependencies,
  { origin, tenants = 1 }: { origin: string; tenants?: number },
): Promise<Person> {
  people += 1;
  const email = `person-${people}@example.org`;
  const { accountId, tenantId } = await signUp(identity, {
    email,
    password: goodPassword,
    name: `Person ${people}`,
    tenantName: `Tenant ${people}`,
  });
  const others = [];
  for (let number = 2; number <= tenants; number += 1) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    others.push(
      await createTenant(identity, { ownerAccountId: accountId, name: `Tenant ${people}.${number}` }),
    );
  }
  const outcome = await signIn(identity, { email, password: goodPassword, device: {} });
  if (outcome.kind !== 'session') throw new Error('a second factor is asked for');
  const started = outcome.session;
  const browser = new Browser(origin);
  browser.set('__Host-bulkhead', started.token);
  return {
    accountId,
    email,
    tenants: [tenantId, ...others.map((other) => other.tenantId)],
    started,
    browser,
  };
}

/** A back end of somebody else's, listening for logout tokens. */
export async function listenForLogouts(status = 200): Promise<{
  uri: string;
  received: string[];
  server: Server;
  close: () => Promise<void>;
}> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push(new URLSearchParams(body).get('logout_token') ?? '');
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    uri: `http://127.0.0.1:${port}/logout`,
    received,
    server,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
