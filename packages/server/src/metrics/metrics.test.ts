import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';

function open() {
  let now = Date.parse('2026-03-05T10:00:00Z');
  const metrics = new Metrics({ clock: () => now, process: false });
  const lines = async (name: string) =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith(name) && !line.startsWith('#'));
  return { metrics, lines, advance: (milliseconds: number) => void (now += milliseconds) };
}

test('calls are counted by class and outcome, and timed by class', async () => {
  const { metrics, lines } = open();
  for (const status of [200, 403, 409, 429, 500]) metrics.call({ rate: 'read', status, seconds: 0.02 });
  assert.deepEqual(await lines('bulkhead_calls_total'), [
    'bulkhead_calls_total{class="read",outcome="ok"} 1',
    'bulkhead_calls_total{class="read",outcome="refused"} 2',
    'bulkhead_calls_total{class="read",outcome="rate_limited"} 1',
    'bulkhead_calls_total{class="read",outcome="failed"} 1',
  ]);
  assert.ok(
    (await lines('bulkhead_call_seconds_count')).includes('bulkhead_call_seconds_count{class="read"} 5'),
  );
});

test('a method that nobody knows gets no series of its own', async () => {
  const { metrics, lines } = open();
  for (const method of ['GET', 'PROPFIND', 'BREW']) metrics.request({ method, status: 405 });
  assert.deepEqual(await lines('bulkhead_http_requests_total'), [
    'bulkhead_http_requests_total{method="GET",status="405"} 1',
    'bulkhead_http_requests_total{method="other",status="405"} 2',
  ]);
});

test('duties tell when they last succeeded, and sealing how far it is behind', async () => {
  const { metrics, lines, advance } = open();
  assert.deepEqual(await lines('bulkhead_audit_sealing_lag_seconds'), [], 'nothing is known yet');
  metrics.duty({ duty: 'audit.seal', outcome: 'done' });
  advance(5000);
  metrics.duty({ duty: 'audit.seal', outcome: 'again' });
  advance(1000);
  metrics.duty({ duty: 'audit.seal', outcome: 'failed' });
  assert.deepEqual(await lines('bulkhead_audit_sealing_lag_seconds'), [
    'bulkhead_audit_sealing_lag_seconds 6',
  ]);
  assert.deepEqual(await lines('bulkhead_duty_'), [
    `bulkhead_duty_last_success_timestamp_seconds{duty="audit.seal"} ${Date.parse('2026-03-05T10:00:05Z') / 1000}`,
    'bulkhead_duty_failures{duty="audit.seal"} 1',
  ]);
  assert.deepEqual(metrics.duties(), [
    { name: 'audit.seal', lastSuccess: new Date('2026-03-05T10:00:05Z'), failures: 1 },
  ]);
});

test('a figure that cannot be asked has no value, and the others stay', async () => {
  const { metrics, lines } = open();
  let fails = false;
  metrics.gauge({
    name: 'bulkhead_outbox_waiting',
    help: 'x',
    read: () => (fails ? Promise.reject(new Error('no database')) : [{ value: 3 }]),
  });
  metrics.gauge({
    name: 'bulkhead_pool_connections',
    help: 'x',
    labels: ['pool'],
    read: () => [{ labels: { pool: 'app' }, value: 2 }],
  });
  assert.deepEqual(await lines('bulkhead_pool'), ['bulkhead_pool_connections{pool="app"} 2']);
  assert.deepEqual(await lines('bulkhead_outbox'), ['bulkhead_outbox_waiting 3']);
  fails = true;
  assert.deepEqual(await lines('bulkhead_outbox'), []);
  assert.deepEqual(await lines('bulkhead_limit_store_up'), ['bulkhead_limit_store_up 1']);
});
