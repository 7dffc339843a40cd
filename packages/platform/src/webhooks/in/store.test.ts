import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from 'pg';
import { EventStore, type ArrivingEvent } from './store.ts';

const mebibyte = 1024 * 1024;
const event = (eventId: string, bytes = 10): ArrivingEvent => ({
  id: '00000000-0000-4000-8000-000000000000',
  tenant: null,
  source: '00000000-0000-4000-8000-000000000001',
  eventId,
  eventType: 'order.paid',
  forgetAt: null,
  content: Buffer.alloc(bytes),
});

class DatabaseError extends Error {
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** A store over a database that answers each statement as told. */
function storing(answer: (ids: string[], bytes: number) => Error | undefined) {
  const statements: string[][] = [];
  const query = async (_text: string, [, rows, contents]: [string, string, Uint8Array[]]): Promise<void> => {
    const ids = (JSON.parse(rows) as { eventId: string }[]).map(({ eventId }) => eventId);
    statements.push(ids);
    const error = answer(
      ids,
      contents.reduce((sum, content) => sum + content.byteLength, 0),
    );
    await Promise.resolve();
    if (error !== undefined) throw error;
  };
  const store = new EventStore({
    pool: { query } as unknown as Pool,
    sealer: { seal: () => 'sealed' },
    clock: () => 0,
  });
  const storeAll = async (events: ArrivingEvent[]): Promise<Record<string, string>> => {
    const outcomes = await Promise.allSettled(events.map((one) => store.store(one)));
    return Object.fromEntries(outcomes.map(({ status }, index) => [events[index]?.eventId ?? '', status]));
  };
  return { statements, storeAll };
}

test('EDG-5: what is stored at once has four mebibytes, or is one event', async () => {
  const sizes: number[] = [];
  const { statements, storeAll } = storing((_ids, bytes) => void sizes.push(bytes));
  const large = Array.from({ length: 20 }, (_, index) => event(`large_${index}`, mebibyte));
  const outcomes = await storeAll([...large, event('larger', 5 * mebibyte), event('small')]);
  assert.ok(Object.values(outcomes).every((status) => status === 'fulfilled'));
  // The first is on its way before there is another.
  assert.deepEqual(
    sizes.map((bytes) => Math.floor(bytes / mebibyte)),
    [1, 4, 4, 4, 4, 3, 5, 0],
  );
  assert.deepEqual(statements.at(-1), ['small']);
});

test('EDG-5: a batch that takes too long is stored in parts, so that one tenant’s events do not fail another’s', async () => {
  for (const slow of [
    new DatabaseError('canceling statement due to statement timeout', '57014'),
    new DatabaseError('Query read timeout'),
  ]) {
    const { storeAll } = storing((ids) => (ids.length > 8 ? slow : undefined));
    const events = Array.from({ length: 60 }, (_, index) => event(`event_${index}`));
    // oxlint-disable-next-line no-await-in-loop
    const outcomes = await storeAll(events);
    assert.ok(Object.values(outcomes).every((status) => status === 'fulfilled'));
  }
});

test('EDG-5: a database that is too slow for anything is asked fifteen times for a batch, not for each event', async () => {
  const slow = new DatabaseError('canceling statement due to statement timeout', '57014');
  const { statements, storeAll } = storing((ids) => (ids[0] === 'first' ? undefined : slow));
  const events = Array.from({ length: 200 }, (_, index) => event(`event_${index}`));
  const outcomes = await storeAll([event('first'), ...events]);
  assert.equal(Object.values(outcomes).filter((status) => status === 'rejected').length, 200);
  assert.equal(statements.length, 1 + 15);
});

test('EDG-5: one event that the database refuses fails alone; one that is away fails all at once', async () => {
  const refuses = new DatabaseError('violates check constraint', '23514');
  const { statements, storeAll } = storing((ids) => (ids.includes('bad') ? refuses : undefined));
  const events = Array.from({ length: 64 }, (_, index) => event(index === 40 ? 'bad' : `event_${index}`));
  const outcomes = await storeAll([event('first'), ...events]);
  assert.deepEqual(
    Object.entries(outcomes).filter(([, status]) => status === 'rejected'),
    [['bad', 'rejected']],
  );
  assert.ok(statements.length <= 2 + 2 * Math.log2(64), String(statements.length));
  const away = storing(() => new DatabaseError('connect ECONNREFUSED', 'ECONNREFUSED'));
  await away.storeAll([event('first'), ...events]);
  assert.equal(away.statements.length, 2);
});
