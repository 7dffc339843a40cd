import pg from 'pg';
import { migrate, TenantPool, type TenantSession } from '@bulkhead/kernel';
import { testCipher } from '../../../test/harness/cipher.ts';
import { createTestDatabase, type RoleName, type TestDatabase } from '../../../test/harness/index.ts';
import {
  identityDependencies,
  PasswordHasher,
  requestEmailVerification,
  signIn,
  signUp,
  verifyEmail,
  type Device,
  type IdentityDependencies,
  type StartedSession,
} from '../src/identity/index.ts';

/** A database with kernel and platform, and the slices' dependencies on it. */
export type Fixture = {
  database: TestDatabase;
  identity: IdentityDependencies;
  /** Moves the slices' clock; it stands still otherwise. */
  advance(milliseconds: number): void;
  /** Another server process: same database and clock, a session cache of its own. */
  anotherProcess(): IdentityDependencies;
  /** Signs up an account with a tenant of its own, its address verified unless asked otherwise. */
  person(options?: { email?: string; verified?: boolean; companyName?: string }): Promise<Person>;
  /** The data as this account sees this tenant. */
  as(tenantId: string, accountId: string, companyId?: string): TenantSession;
  /** One connection as a role, closed with the fixture. */
  connect(role: RoleName): Promise<pg.Client>;
  close(): Promise<void>;
};

export type Person = {
  accountId: string;
  tenantId: string;
  companyId: string | null;
  email: string;
  session: TenantSession;
};

export const goodPassword = 'seven copper lanterns drift';

/** Argon2id at its least cost: what is tested here is not how slow it is. */
export const cheapPasswords = (): PasswordHasher =>
  new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } });

let addresses = 0;
export const freshEmail = (): string => `person-${(addresses += 1)}@example.org`;

/** A connection left open would keep a test that failed here from ending, so `abandon` closes what was opened. */
async function migratePlatform(owner: pg.Client, abandon: () => Promise<void>): Promise<void> {
  try {
    await migrate(owner, { line: 'platform', folder: new URL('../sql/', import.meta.url) });
  } catch (error) {
    await abandon();
    throw error;
  }
}

export async function openFixture(): Promise<Fixture> {
  const database = await createTestDatabase();
  const clients: pg.Client[] = [];
  const connect = async (role: RoleName): Promise<pg.Client> => {
    const client = new pg.Client(database.connections[role]);
    clients.push(client);
    await client.connect();
    return client;
  };
  await migratePlatform(await connect('owner'), async () => {
    await Promise.all(clients.map((client) => client.end()));
    await database.drop();
  });
  const pool = new pg.Pool(database.connections.identity);
  pool.on('error', () => {});
  const tenants = new TenantPool({ connection: database.connections.app, sealer: database.sealer });
  let now = Date.parse('2030-01-15T10:00:00.123Z');
  const cipher = testCipher();
  const anotherProcess = (): IdentityDependencies =>
    identityDependencies({
      pool,
      sealer: database.sealer,
      cipher,
      clock: () => now,
      passwords: cheapPasswords(),
    });
  const identity = anotherProcess();
  const as: Fixture['as'] = (tenant, accountId, company) =>
    tenants.as({ tenant, company, actor: { kind: 'account', id: accountId } });
  return {
    database,
    identity,
    anotherProcess,
    connect,
    as,
    advance: (milliseconds) => {
      now += milliseconds;
    },
    person: async (options = {}) => {
      const person = await signUpPerson(identity, options);
      return { ...person, session: as(person.tenantId, person.accountId) };
    },
    close: async () => {
      await Promise.all([pool.end(), tenants.close(), ...clients.map((client) => client.end())]);
      await database.drop();
    },
  };
}

async function signUpPerson(
  identity: IdentityDependencies,
  {
    email = freshEmail(),
    verified = true,
    companyName,
  }: { email?: string; verified?: boolean; companyName?: string },
): Promise<Omit<Person, 'session'>> {
  const { accountId, tenantId, companyId } = await signUp(identity, {
    email,
    password: goodPassword,
    name: 'Robin Vale',
    tenantName: 'Vale & Co',
    companyName,
  });
  if (verified) {
    const { token } = await requestEmailVerification(identity, accountId);
    await verifyEmail(identity, token);
  }
  return { accountId, tenantId, companyId, email };
}

/** Signs in with a password, where nothing more is asked for. */
export async function signedIn(
  identity: IdentityDependencies,
  { email, password = goodPassword, device = {} }: { email: string; password?: string; device?: Device },
): Promise<StartedSession> {
  const outcome = await signIn(identity, { email, password, device });
  if (outcome.kind !== 'session') throw new Error(`the sign-in asks for ${outcome.factors.join(' or ')}`);
  return outcome.session;
}

/** An id that nothing has. */
export const nobody = '99999999-9999-4999-8999-999999999999';

/** For `assert.rejects`: a refusal with this code. */
export const refusal = (code: string): { name: string; code: string } => ({ name: 'PlatformError', code });
