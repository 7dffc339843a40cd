import { randomBytes, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { testConfig } from '../test/harness/config.ts';
import { makePerson } from '../test/harness/people.ts';
import { startApiServers, type ApiServers } from './apiServers.ts';
import { compare, rounded, type Way } from './compare.ts';
import { openBenchDatabase, type BenchDatabase } from './database.ts';
import { HttpClient } from './httpClient.ts';
import { path } from './itemsModule.ts';
import { audience, issuer, peerSql, type PeerClaims } from './peerServer.ts';

const clients = 16;
const tenants = 20;
const membersPerTenant = 8;
const password = 'seven copper lanterns drift';
/** What one account and one tenant may read in a minute: the defaults of the configuration. */
const caps = { account: 1200, tenant: 12_000 };

type Member = { account: string; email: string; tenant: string; company: string };

/** Tenants that signed up, and further members of each under the first one's password. */
async function fillMembers(database: BenchDatabase): Promise<Member[]> {
  for (let index = 0; index < tenants; index += 1) {
    await makePerson(database.test, {
      email: `person-${index}@example.org`,
      password,
      name: 'Robin Vale',
      tenantName: `Vale ${index}`,
      companyName: 'Engines',
    });
  }
  await database.asSuperuser(`
    set session_replication_role = replica;
    create table public.bench_copied as
      select gen_random_uuid() as id, a.id as of, replace(a.email, '@', '-' || n || '@') as email
      from identity.account a, generate_series(2, ${membersPerTenant}) n;
    insert into identity.account (id, email, email_normalised, name, created_at)
      select c.id, c.email, c.email, 'Robin Vale', now() from public.bench_copied c;
    insert into identity.password
      select c.id, p.hash, now() from public.bench_copied c join identity.password p on p.account_id = c.of;
    insert into identity.membership (tenant_id, account_id, role)
      select m.tenant_id, c.id, m.role from public.bench_copied c join identity.membership m on m.account_id = c.of;
    insert into identity.membership_directory (account_id, tenant_id)
      select c.id, m.tenant_id from public.bench_copied c join identity.membership m on m.account_id = c.of;
    drop table public.bench_copied;`);
  const pool = database.pool(database.bare, 1);
  await database.asSuperuser(
    'grant usage on schema identity, tenants to bench_bare; grant select on all tables in schema identity, tenants to bench_bare',
  );
  const { rows } = await pool.query<Member>(
    `select a.id as account, a.email, m.tenant_id as tenant, c.id as company from identity.account a
     join identity.membership m on m.account_id = a.id join tenants.company c on c.tenant_id = m.tenant_id
     order by a.email`,
  );
  if (rows.length !== tenants * membersPerTenant) throw new Error(`${rows.length} members were made`);
  return rows;
}

/** A thousand rows for each company, and as many for 80 tenants who never call. */
async function fillItems(database: BenchDatabase, rowsEach: number): Promise<void> {
  await database.asSuperuser(`
    set session_replication_role = replica;
    insert into bench.item (tenant_id, company_id, created_at, name, amount)
    select t.tenant_id, t.company_id, now() - make_interval(mins => g), 'item ' || g, g + 0.5
    from generate_series(1, ${rowsEach}) g,
      (select tenant_id, id as company_id from tenants.company
       union all select gen_random_uuid(), gen_random_uuid() from generate_series(1, 80)) t;
    grant usage on schema bench to bench_bare;
    grant select on bench.item to bench_bare;
    ${peerSql}
    insert into peer.item select * from bench.item;`);
  await database.asSuperuser('vacuum (analyze, freeze) bench.item, peer.item');
}

/** Access tokens, as programs of one's own get them. */
async function signIn(port: number, members: readonly Member[]): Promise<string[]> {
  const tokens: string[] = [];
  for (const { email } of members) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    const { accessToken } = (await answer.json()) as { accessToken?: string };
    if (accessToken === undefined) throw new Error(`sign-in answered ${answer.status}`);
    tokens.push(accessToken);
  }
  return tokens;
}

async function peerIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  const sign = ({ account, tenant, company }: Member): Promise<string> => {
    const claims: PeerClaims = {
      sub: account,
      tenant,
      companies: [company],
      permissions: ['bench:item.read'],
    };
    return new SignJWT({ ...claims, jti: randomUUID() })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
  };
  return { key: await exportJWK(publicKey), sign };
}

/** A way that calls as each member in turn, over a connection kept for each. */
async function requests(
  port: number,
  members: readonly Member[],
  tokens: readonly string[],
): Promise<{ way: Way; close(): void }> {
  const open = await Promise.all(
    members.map(({ tenant, company }, index) =>
      HttpClient.open(port, {
        path,
        headers: {
          authorization: `Bearer ${tokens[index] ?? ''}`,
          'bulkhead-tenant': tenant,
          'bulkhead-company': company,
        },
      }),
    ),
  );
  const { items } = JSON.parse((await open[0]?.get()) ?? '{}') as { items?: unknown[] };
  if (items?.length !== 20) throw new Error('the request does not answer twenty items');
  const turns = Array.from({ length: clients }, () => 0);
  const each = Math.floor(open.length / clients);
  return {
    way: (client) => {
      const turn = (turns[client] = ((turns[client] ?? 0) + 1) % each);
      return (open[client + turn * clients] as HttpClient).get();
    },
    close: () => open.forEach((client) => client.close()),
  };
}

type Options = { quick: boolean; progress: (line: string) => void };

/** The whole path with everything on, beside the bare request and the same one built the usual way. */
export async function edgePaths(redis: string, options: Options): Promise<Record<string, number>> {
  const database = await openBenchDatabase();
  let servers: ApiServers | undefined;
  try {
    const config = testConfig(database.test, {
      http: { maxConnections: 1000, shutdownTimeout: 1000 },
      database: { appConnections: clients },
      log: { level: 'info' },
      // All call from one address, and sign in within a second.
      limits: { enabled: true, signInPerIp: 0, read: caps.account, readPerTenant: caps.tenant },
      redis: { url: redis },
    });
    const { key, sign } = await peerIssuer();
    const secret = randomBytes(16).toString('hex');
    await database.asSuperuser(`create role bench_peer login password '${secret}';
      grant connect on database "${database.test.name}" to bench_peer`);
    const connection = { ...database.bare, user: 'bench_peer', password: secret, max: clients };
    servers = await startApiServers({
      config,
      bare: { ...database.bare, max: clients },
      peer: { connection, redis, key, caps },
    });
    const members = await fillMembers(database);
    options.progress('filling');
    await fillItems(database, options.quick ? 50 : 1000);
    return await compareServers(servers, { members, sign }, options);
  } finally {
    servers?.stop();
    await database.close();
  }
}

type Callers = { members: Member[]; sign: (member: Member) => Promise<string> };

async function compareServers(
  servers: ApiServers,
  { members, sign }: Callers,
  { quick, progress }: Options,
): Promise<Record<string, number>> {
  const timing = quick ? { slice: 100, rounds: 3 } : { slice: 500, rounds: 21 };
  const own = await signIn(servers.secured, members);
  const foreign = await Promise.all(members.map(sign));
  const secured = await requests(servers.secured, members, own);
  const bare = await requests(servers.bare, members, []);
  const peer = await requests(servers.peer ?? 0, members, foreign);
  progress(`${clients} in flight, ${members.length} accounts of ${tenants} tenants`);
  const { rates, ratio } = await compare(
    { secured: secured.way, bare: bare.way, peer: peer.way },
    { clients, ...timing },
  );
  for (const each of [secured, bare, peer]) each.close();
  return {
    ratio_secured_bare: rounded(ratio('secured', 'bare')),
    ratio_peer: rounded(ratio('secured', 'peer')),
    secured_requests_per_second: rounded(rates['secured'] ?? 0),
    bare_requests_per_second: rounded(rates['bare'] ?? 0),
    peer_requests_per_second: rounded(rates['peer'] ?? 0),
  };
}
