import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { testConfig } from '../../../test/harness/config.ts';
import { eventually } from '../../../test/harness/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { createServer, type Server } from '../src/index.ts';
import { send, signUp, type Person } from './fixture.ts';

const secret = randomBytes(24).toString('hex');

describe('metrics and health (ACC-5, EDG-3)', () => {
  let database: TestDatabase;
  let server: Server;
  let outside: string;
  let inside: string;
  let person: Person;
  before(async () => {
    database = await createTestDatabase();
    const config = testConfig(database, {
      internal: { port: 0, secret },
      limits: {
        enabled: true,
        signInPerIp: 0,
        signInPerAccount: 0,
        forgotPerIp: 0,
        forgotPerAccount: 0,
        write: 2,
      },
    });
    server = createServer(config, [], { logStream: { write: () => {} } });
    const { port } = await server.listen();
    outside = `http://127.0.0.1:${port}`;
    inside = `http://127.0.0.1:${server.internalAddress?.port}`;
    person = await signUp(outside);
  });
  after(async () => {
    await server.close({ force: true });
    await database.drop();
  });

  const scrape = async () => {
    const answer = await fetch(`${inside}/internal/metrics`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  };
  const valueOf = (text: string, series: string) => {
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };

  it('are given to who shows the secret on the internal listener, as Prometheus reads them', async () => {
    const { status, type, text } = await scrape();
    assert.equal(status, 200);
    assert.match(type ?? '', /^text\/plain; version=0\.0\.4/);
    for (const line of text.split('\n')) {
      assert.match(line, /^(?:# (?:HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(?:\{[^{}]*\})? \S+|)$/);
    }
  });

  it('are never on the public listener, whatever is shown; nor on the internal one without the secret', async () => {
    for (const path of ['/internal/metrics', '/metrics', '//internal/metrics', '/internal%2fmetrics']) {
      for (const headers of [{}, { 'bulkhead-internal': secret }, { authorization: `Bearer ${secret}` }]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { status, text } = await send(outside, path, { headers: { ...headers } });
        assert.equal(status, 404, path);
        assert.ok(!text.includes('bulkhead_'), path);
      }
    }
    for (const shown of ['', 'Bearer', 'Bearer x', `Basic ${secret}`, `Bearer ${secret}x`]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { status } = await fetch(`${inside}/internal/metrics`, { headers: { authorization: shown } });
      assert.equal(status, 401, shown);
    }
  });

  it('count calls, refusals, pools, duties, sealing and the outbox', async () => {
    const before = (await scrape()).text;
    for (let index = 0; index < 4; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the last ones are too many
      await send(outside, '/api/companies', { ...person, json: { name: `Branch ${index}` } });
    }
    const after = await eventually(
      async () => {
        const { text } = await scrape();
        return text.includes('bulkhead_audit_sealing_lag_seconds ') ? text : undefined;
      },
      { what: 'the first run of the sealing duty' },
    );
    const grown = (series: string) => (valueOf(after, series) ?? 0) - (valueOf(before, series) ?? 0);
    const limited = grown('bulkhead_calls_total{class="write",outcome="rate_limited"}');
    const passed = grown('bulkhead_calls_total{class="write",outcome="ok"}');
    assert.ok(limited >= 2 && limited + passed === 4, `${limited} limited, ${passed} passed`);
    assert.equal(grown('bulkhead_limit_exceeded_total{limit="write"}'), limited);
    assert.equal(grown('bulkhead_http_requests_total{method="POST",status="429"}'), limited);
    assert.equal(grown('bulkhead_call_seconds_count{class="write"}'), 4);
    assert.equal(valueOf(after, 'bulkhead_limit_store_up'), 1);
    assert.equal(valueOf(after, 'bulkhead_tenant_statements{outcome="cross_tenant_rows"}'), 0);
    assert.equal(valueOf(after, 'bulkhead_outbox_dead'), 0);
    for (const series of [
      'bulkhead_pool_connections{pool="app",state="idle"}',
      'bulkhead_pool_connections{pool="worker",state="waiting"}',
      'bulkhead_duty_last_success_timestamp_seconds{duty="audit.seal"}',
      'bulkhead_outbox_waiting',
      'bulkhead_outbox_oldest_seconds',
      'process_resident_memory_bytes',
    ]) {
      assert.ok(valueOf(after, series) !== undefined, series);
    }
  });

  it('name no tenant, account, address or path', async () => {
    await send(outside, `/api/invites/${person.tenant}`, person);
    const { text } = await scrape();
    for (const value of [person.tenant, person.account, person.email, '127.0.0.1', '/api']) {
      assert.ok(!text.includes(value), value);
    }
    assert.doesNotMatch(text, /[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  it('health tells the state of each thing the server needs', async () => {
    const look = async () => {
      const answer = await fetch(`${inside}/internal/health`, { headers: { 'bulkhead-internal': secret } });
      return (await answer.json()) as {
        ready: boolean;
        dependencies: { name: string; state: string; note: string | null }[];
        duties: { name: string; lastSuccess: string | null }[];
      };
    };
    const { ready, dependencies, duties } = await look();
    assert.equal(ready, true);
    assert.deepEqual(
      dependencies.map(({ name, state }) => [name, state]),
      [
        ['database.app', 'up'],
        ['database.identity', 'up'],
        ['database.worker', 'up'],
        ['mail', 'up'],
        ['limits', 'up'],
        ['secrets', 'up'],
      ],
    );
    assert.ok(duties.some(({ name, lastSuccess }) => name === 'secrets.reload' && lastSuccess !== null));
  });
});
