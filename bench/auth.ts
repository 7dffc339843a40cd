import { verify } from '@node-rs/argon2';
import { identityDependencies, signIn, signUp, type IdentityDependencies } from '@bulkhead/platform/identity';
import {
  AccessTokens,
  readAccessToken,
  refresh,
  refreshDefaults,
  SigningKeys,
  startFamily,
  type TokenDependencies,
} from '@bulkhead/platform/identity/token';
import { testCipher } from '../test/harness/cipher.ts';
import { testConfig } from '../test/harness/config.ts';
import { startAuthServer, type AuthServer } from './authServer.ts';
import { compare, rounded, type Way } from './compare.ts';
import { openBenchDatabase, type BenchDatabase } from './database.ts';
import { HttpClient } from './httpClient.ts';
import type { Benchmark } from './benchmark.ts';

const clients = 16;
const people = 400;
const password = 'seven copper lanterns drift';
const email = (n: number): string => `person-${n}@example.org`;
const device = { ip: '192.0.2.7', userAgent: 'bench/1' };

/** One sign-up, then the same account, password and membership under other addresses. */
async function fill(database: BenchDatabase, identity: IdentityDependencies): Promise<string> {
  await signUp(identity, { email: email(0), password, name: 'Robin Vale', tenantName: 'Vale & Co' });
  await database.asSuperuser(`
    set session_replication_role = replica;
    create temporary table copied as
      select gen_random_uuid() as id, n from generate_series(1, ${people - 1}) n;
    insert into identity.account (id, email, email_normalised, name, created_at)
      select c.id, 'person-' || c.n || '@example.org', 'person-' || c.n || '@example.org', 'Robin Vale', now() from copied c;
    insert into identity.password select c.id, p.hash, now() from copied c, identity.password p;
    insert into identity.membership_directory (account_id, tenant_id)
      select c.id, m.tenant_id from copied c, identity.membership m;
    insert into identity.membership (tenant_id, account_id, role)
      select m.tenant_id, c.id, m.role from copied c, identity.membership m;`);
  const { rows } = await identity.pool.query<{ hash: string }>('select hash from identity.password limit 1');
  return rows[0]?.hash ?? '';
}

function tokensOf(identity: IdentityDependencies, remembered: number): TokenDependencies {
  const { pool, cipher, sealer, clock, randomBytes } = identity;
  const keys = new SigningKeys({ pool, cipher, sealer, clock });
  const issuer = () => 'https://app.example.org';
  const accessTokens = new AccessTokens({ keys, issuer, clock, randomBytes, remembered });
  return { ...refreshDefaults, identity, accessTokens };
}

/** Families of sessions that are made here rather than signed in to: no hash is computed. */
async function families(database: BenchDatabase, tokens: TokenDependencies, count: number) {
  await database.asSuperuser(
    `insert into identity.session (id, account_id, token_hash, created_at, last_seen_at, idle_expires_at,
       absolute_expires_at, amr, auth_time)
     select gen_random_uuid(), a.id, sha256(uuid_send(gen_random_uuid())), now(), now(), now() + interval '1 day',
       now() + interval '14 days', '{pwd}', now()
     from (select id from identity.account limit $1) a`,
    [count],
  );
  const { rows } = await tokens.identity.pool.query<{ id: string; account_id: string }>(
    `select s.id, s.account_id from identity.session s
     where not exists (select from identity.refresh_token t where t.session_id = s.id) limit $1`,
    [count],
  );
  return Promise.all(
    rows.map(({ id, account_id: accountId }) => startFamily(tokens, { sessionId: id, accountId })),
  );
}

type Timing = { slice: number; rounds: number };

async function measureTokens(database: BenchDatabase, identity: IdentityDependencies, timing: Timing) {
  const tokens = tokensOf(identity, 10_000);
  const anew = tokensOf(identity, 0);
  const pairs = await families(database, tokens, 64);
  const read =
    (by: TokenDependencies): Way =>
    async (client) => {
      const session = await readAccessToken(by, pairs[client]?.accessToken ?? '');
      if (session === null) throw new Error('the token does not verify');
    };
  const live = pairs.map(({ refreshToken }) => refreshToken);
  const exchange: Way = async (client) => {
    const pair = await refresh(tokens, { refreshToken: live[client] ?? '', device });
    live[client] = pair.refreshToken;
  };
  const verified = await compare({ cached: read(tokens), uncached: read(anew) }, { clients, ...timing });
  const refreshed = await compare({ refresh: exchange }, { clients, ...timing });
  return {
    verify_per_s: rounded(verified.rates['cached'] ?? 0),
    verify_uncached_per_s: rounded(verified.rates['uncached'] ?? 0),
    refresh_per_s: rounded(refreshed.rates['refresh'] ?? 0),
  };
}

const open = (port: number, person: number): Promise<HttpClient> =>
  HttpClient.open(port, { path: '/api/session', headers: {}, body: { email: email(person), password } });

/** One sign-in after another, as the slice does it and over HTTP, beside the bare comparison of a password with its hash. */
async function measureSignIn(
  { server, identity, hash }: { server: AuthServer; identity: IdentityDependencies; hash: string },
  timing: Timing,
) {
  const callers = await Promise.all(Array.from({ length: 4 }, (_, person) => open(server.port, person)));
  let turn = 0;
  const http: Way = () => (callers[(turn += 1) % callers.length] as HttpClient).get();
  const slice: Way = () => signIn(identity, { email: email((turn += 1) % people), password, device });
  const bare: Way = () => verify(hash, password);
  const { rates, ratio } = await compare({ slice, http, bare }, { clients: 1, ...timing });
  callers.forEach((caller) => caller.close());
  return {
    ratio_login_hash: rounded(ratio('bare', 'slice')),
    ratio_login_http_hash: rounded(ratio('bare', 'http')),
    login_http_ms: rounded(1000 / (rates['http'] ?? 1)),
    hash_ms: rounded(1000 / (rates['bare'] ?? 1)),
  };
}

/** Many at once, each another person: what it takes of memory, and how many are turned away. */
async function measureCrowd(server: AuthServer, count: number): Promise<{ grown: number; refused: number }> {
  const callers = await Promise.all(
    Array.from({ length: count }, (_, person) => open(server.port, person + 150)),
  );
  const before = await server.memory();
  const outcomes = await Promise.allSettled(callers.map((caller) => caller.get()));
  const after = await server.memory();
  callers.forEach((caller) => caller.close());
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  for (const one of refused) {
    const said = String((one as PromiseRejectedResult).reason);
    if (!said.includes('HTTP/1.1 503')) throw new Error(said);
  }
  return { grown: Math.max(after.most, after.now) - before.now, refused: refused.length };
}

export const auth: Benchmark = {
  compared:
    'verify = an access token to its live session, revocation looked at (cached: verified before; uncached: its ' +
    'signature each time); refresh = rotation of a family, durable commit; both 16 callers in one process. ' +
    'ratio_login_hash = a password sign-in, one at a time, over the bare Argon2id comparison (19 MiB, two passes) it ' +
    'contains; ratio_login_http_hash = the same over HTTP, answered with the session; login_memory_mb = growth of the server with 64 sign-ins at once; login_refused_of_200 = ' +
    'answered 503 of 200 at once',
  targets: { verify_per_s: '>= 20000', ratio_login_hash: '<= 1.15' },
  async run({ quick, progress }) {
    const timing = quick ? { slice: 100, rounds: 3 } : { slice: 500, rounds: 15 };
    const database = await openBenchDatabase();
    let server: AuthServer | undefined;
    try {
      const config = testConfig(database.test, {
        database: { identityConnections: 10 },
        log: { level: 'error' },
      });
      server = await startAuthServer(config);
      const pool = database.pool(database.test.connections.identity, clients);
      const identity = identityDependencies({ pool, sealer: database.sealer, cipher: testCipher() });
      progress('people');
      const hash = await fill(database, identity);
      progress('one sign-in after another');
      const entered = await measureSignIn({ server, identity, hash }, timing);
      progress('64 at once, then 200');
      const crowd = await measureCrowd(server, 64);
      if (crowd.refused > 0) throw new Error(`${crowd.refused} of 64 were refused`);
      const flood = await measureCrowd(server, 200);
      server.stop();
      server = undefined;
      await database.asSuperuser('delete from identity.signing_key');
      progress('tokens');
      return {
        ...(await measureTokens(database, identity, timing)),
        ...entered,
        login_memory_mb: rounded(crowd.grown),
        login_memory_flood_mb: rounded(flood.grown),
        login_refused_of_200: flood.refused,
      };
    } finally {
      server?.stop();
      await database.close();
    }
  },
};
