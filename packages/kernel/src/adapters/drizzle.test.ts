import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { asc, eq, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { numeric, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { openFixture, tenantId, type Fixture } from '../../test/fixture.ts';
import { drizzleClient } from './drizzle.ts';

const item = pgSchema('shop').table('item', {
  id: uuid().notNull().defaultRandom(),
  tenantId: uuid('tenant_id'),
  createdAt: timestamp('created_at', { withTimezone: true }),
  name: text().notNull(),
  price: numeric({ precision: 12, scale: 2 }),
});
type Database = NodePgDatabase<{ item: typeof item }>;

const causedBy = (code: string) => (error: unknown) =>
  error instanceof Error && (error.cause as { code?: string } | undefined)?.code === code;

describe('ISO-13: Drizzle', () => {
  let fixture: Fixture;
  let tenant = 0;
  let db: Database;
  const dbOf = (n: number): Database =>
    drizzle({ client: drizzleClient(fixture.session(n)), schema: { item } });
  before(async () => {
    fixture = await openFixture();
  });
  beforeEach(() => {
    db = dbOf((tenant += 1));
  });
  after(() => fixture.close());

  const add = (name: string) => ({ name, tenantId: tenantId(tenant) });
  const names = async (): Promise<string[]> =>
    (await db.select({ name: item.name }).from(item).orderBy(asc(item.name))).map(({ name }) => name);

  test('reads, writes and maps types, inside one tenant', async () => {
    const [made] = await db
      .insert(item)
      .values({ ...add('a'), price: '1.50' })
      .returning({ id: item.id, createdAt: item.createdAt });
    assert.ok(made?.createdAt instanceof Date);
    await db.update(item).set({ price: '2.50' }).where(eq(item.id, made.id));
    const [row] = await db.select().from(item);
    assert.deepEqual([row?.name, row?.price, row?.tenantId], ['a', '2.50', tenantId(tenant)]);
    assert.deepEqual(await dbOf(900).select().from(item), []);
    const foreign = db.insert(item).values({ name: 'x', tenantId: tenantId(900) });
    await assert.rejects(foreign.execute(), causedBy('row_refused'));
  });

  test('relational queries', async () => {
    await db.insert(item).values(add('a'));
    const found = await db.query.item.findFirst({ columns: { name: true } });
    assert.deepEqual(found, { name: 'a' });
  });

  test('a transaction commits, and rolls back on an error', async () => {
    await db.transaction(async (tx) => {
      await tx.insert(item).values(add('kept'));
    });
    const failing = db.transaction(async (tx) => {
      await tx.insert(item).values(add('lost'));
      tx.rollback();
    });
    await assert.rejects(failing, /Rollback/);
    assert.deepEqual(await names(), ['kept']);
  });

  test('nested transactions are savepoints', async () => {
    await db.transaction(async (tx) => {
      await tx.insert(item).values(add('a'));
      for (const name of ['b', 'c']) {
        await tx
          .transaction(async (inner) => {
            await inner.insert(item).values(add(name));
            if (name === 'b') inner.rollback();
          })
          .catch(() => {});
      }
      await tx.transaction(async (inner) => {
        await inner.insert(item).values(add('d'));
      });
    });
    assert.deepEqual(await names(), ['a', 'c', 'd']);
  });

  test('concurrent statements of a transaction answer each their own', async () => {
    const answers = await db.transaction((tx) =>
      Promise.all([1, 2, 3].map((n) => tx.execute(sql`select ${n}::int as n`))),
    );
    assert.deepEqual(
      answers.map(({ rows }) => rows),
      [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]],
    );
  });

  test('isolation level and access mode are what was asked for', async () => {
    const { rows } = await db.transaction(
      (tx) =>
        tx.execute(sql`select current_setting('transaction_isolation') as level,
          current_setting('transaction_read_only') as read_only`),
      { isolationLevel: 'serializable', accessMode: 'read only' },
    );
    assert.deepEqual(rows, [{ level: 'serializable', read_only: 'on' }]);
  });

  test('a failed statement cannot be committed over', async () => {
    const failing = db.transaction(async (tx) => {
      await tx.insert(item).values(add('a'));
      await tx.execute(sql`select 1 / 0`).catch(() => {});
    });
    await assert.rejects(failing, causedBy('transaction_aborted'));
    assert.deepEqual(await names(), []);
  });
});
