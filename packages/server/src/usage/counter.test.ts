import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageCounter } from './counter.ts';

type Written = { tenant: string; hour: string; rate_class: string; answered: number; refused: number };

function open() {
  let now = Date.parse('2026-03-05T10:59:00Z');
  const counter = new UsageCounter({ clock: () => now });
  const written: Written[][] = [];
  const state = { fails: false, meanwhile: () => {} };
  const worker = {
    query: (_text: string, values: unknown[]) => {
      if (state.fails) return Promise.reject(new Error('no database'));
      written.push(JSON.parse(String(values[2])) as Written[]);
      state.meanwhile();
      return Promise.resolve({ rows: [] });
    },
  } as never;
  const parts = { worker, sealer: { seal: ({ tenant }: { tenant: string }) => tenant }, serverId: 's' };
  return {
    counter,
    written,
    state,
    flush: () => counter.flush(parts),
    advance: (milliseconds: number) => void (now += milliseconds),
  };
}

const read = { tenant: 'one', rate: 'read', refused: false } as const;
const row = (hour: number, answered: number, refused = 0) => ({
  tenant: 'one',
  hour: `2026-03-05T${hour}:00:00.000Z`,
  rateClass: 'read',
  answered,
  refused,
});
const named = (rows: Written[] | undefined) =>
  rows?.map(({ rate_class: rateClass, ...rest }) => ({ ...rest, rateClass }));

test('usage is written as the hour’s whole count, once it has changed', async () => {
  const { counter, written, flush, advance } = open();
  counter.count(read);
  counter.count({ ...read, refused: true });
  await flush();
  assert.deepEqual(named(written[0]), [row(10, 1, 1)]);
  await flush();
  assert.equal(written.length, 1, 'nothing new');
  counter.count(read);
  advance(60_000);
  counter.count(read);
  await flush();
  assert.deepEqual(named(written[1]), [row(10, 2, 1), row(11, 1)]);
});

test('usage that could not be written is written the next time, hours later too', async () => {
  const { counter, written, flush, advance, state } = open();
  counter.count(read);
  state.fails = true;
  await assert.rejects(flush());
  advance(2 * 3_600_000);
  state.fails = false;
  counter.count(read);
  await flush();
  assert.deepEqual(named(written[0]), [row(10, 1), row(12, 1)]);
});

test('usage that is counted while it is written is written the next time', async () => {
  const { counter, written, flush, state } = open();
  counter.count(read);
  state.meanwhile = () => counter.count(read);
  await flush();
  state.meanwhile = () => {};
  await flush();
  assert.deepEqual(named(written[1]), [row(10, 2)]);
});

test('usage of many tenants is written in portions', async () => {
  const { counter, written, flush } = open();
  for (let index = 0; index < 450; index += 1) counter.count({ ...read, tenant: `tenant ${index}` });
  await flush();
  assert.deepEqual(
    written.map(({ length }) => length),
    [200, 200, 50],
  );
});
