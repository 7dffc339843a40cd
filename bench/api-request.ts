import type { Config } from '@bulkhead/server';
import { testConfig } from '../test/harness/config.ts';
import { signUpByMail } from '../test/harness/people.ts';
import type { TestDatabase } from '../test/harness/index.ts';
import { startApiServers, type ApiServers } from './apiServers.ts';
import { compare, rounded, type Way } from './compare.ts';
import { openBenchDatabase, type BenchDatabase } from './database.ts';
import { HttpClient } from './httpClient.ts';
import { path } from './itemsModule.ts';
import type { Benchmark } from './benchmark.ts';

const clients = 16;

function configFor(database: TestDatabase): Config {
  return testConfig(database, {
    http: { maxConnections: 1000, shutdownTimeout: 1000 },
    database: { appConnections: clients },
    log: { level: 'error' },
  });
}

/** Signs somebody up, as a page of the server's own would, and answers the headers of that person's requests. */
async function signUp(port: number): Promise<Record<string, string>> {
  const url = `http://127.0.0.1:${port}`;
  const page = { origin: url, 'sec-fetch-site': 'same-origin' };
  const { cookie, session } = await signUpByMail(url, {
    email: 'ada@example.org',
    password: 'seven copper lanterns drift',
    name: 'Ada',
    tenantName: 'Analytical',
    companyName: 'Engines',
  });
  const headers = { ...page, cookie, 'bulkhead-tenant': session.memberships[0]?.tenant.id ?? '' };
  const companies = await fetch(`${url}/api/companies`, { headers });
  const found = (await companies.json()) as { companies: { id: string }[] };
  return { ...headers, 'bulkhead-company': found.companies[0]?.id ?? '' };
}

async function fill(database: BenchDatabase, headers: Record<string, string>, rows: number): Promise<void> {
  await database.asSuperuser(`
    set session_replication_role = replica;
    insert into bench.item (tenant_id, company_id, created_at, name, amount)
    select t.tenant_id, t.company_id, now() - make_interval(mins => g), 'item ' || g, g + 0.5
    from generate_series(1, ${rows}) g,
      (select gen_random_uuid() tenant_id, gen_random_uuid() company_id from generate_series(1, 100)
       union all select '${headers['bulkhead-tenant']}', '${headers['bulkhead-company']}') t;
    grant usage on schema bench to bench_bare;
    grant select on bench.item to bench_bare;
  `);
  await database.asSuperuser('vacuum (analyze, freeze) bench.item');
}

async function requests(port: number, headers: Record<string, string>): Promise<{ way: Way; close(): void }> {
  const open = await Promise.all(
    Array.from({ length: clients }, () => HttpClient.open(port, { path, headers })),
  );
  const { items } = JSON.parse((await open[0]?.get()) ?? '{}') as { items?: unknown[] };
  if (items?.length !== 20) throw new Error('the request does not answer twenty items');
  return {
    way: (client) => (open[client] as HttpClient).get(),
    close: () => open.forEach((each) => each.close()),
  };
}

export const apiRequest: Benchmark = {
  compared:
    'GET of twenty rows, 16 connections: secured = the whole server (session cookie, origin checks, permission, sealed ' +
    'context, policies, answer checked against its schema); bare = Fastify and a pg pool with the same query and its ' +
    'conditions written out; both servers in one process, the caller in another',
  targets: { ratio_secured_bare: '>= 0.6' },
  async run({ quick, progress }) {
    const timing = quick ? { slice: 100, rounds: 3 } : { slice: 500, rounds: 15 };
    const database = await openBenchDatabase();
    let servers: ApiServers | undefined;
    try {
      const bare = { ...database.bare, max: clients };
      servers = await startApiServers({ config: configFor(database.test), bare });
      const headers = await signUp(servers.secured);
      progress('filling');
      await fill(database, headers, quick ? 50 : 1000);
      const [secured, plain] = [
        await requests(servers.secured, headers),
        await requests(servers.bare, headers),
      ];
      progress('16 connections');
      const { rates, ratio } = await compare(
        { secured: secured.way, bare: plain.way },
        { clients, ...timing },
      );
      secured.close();
      plain.close();
      return {
        ratio_secured_bare: rounded(ratio('secured', 'bare')),
        secured_requests_per_second: rounded(rates['secured'] ?? 0),
        bare_requests_per_second: rounded(rates['bare'] ?? 0),
      };
    } finally {
      servers?.stop();
      await database.close();
    }
  },
};
