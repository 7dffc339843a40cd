import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Kysely, PostgresDialect, sql, type Generated } from 'kysely';
import { openFixture, tenantId, type Fixture } from '../../test/fixture.ts';
import { DataError } from '../errors.ts';
import { kyselyDialect } from './kysely.ts';

type Tables = {
  'shop.item': { id: Generated<string>; tenant_id: Generated<string>; name: string; price: string | null };
};

describe('ISO-13: Kysely', () => {
  let fixture: Fixture;
  let tenant = 0;
  let db: Kysely<Tables>;
  const dbOf = (n: number): Kysely<Tables> =>
    new Kysely<Tables>({ dialect: kyselyDialect(PostgresDialect, fixture.session(n)) });
  before(async () => {
    fixture = await openFixture();
  });
  beforeEach(() => {
    db = dbOf((tenant += 1));
  });
  after(() => fixture.close());

  const names = async (): Promise<string[]> =>
    (await db.selectFrom('shop.item').select('name').orderBy('name').execute()).map(({ name }) => name);

  test('ISO-12: a query outside a transaction is a single write', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 1 } });
    const own = new Kysely<Tables>({
      dialect: kyselyDialect(PostgresDialect, pool.as(fixture.session(1).context)),
    });
    await own.selectFrom('shop.item').selectAll().execute();
    const writes = fixture.countWrites();
    await own.selectFrom('shop.item').selectAll().where('name', '=', 'x').execute();
    assert.equal(writes.stop(), 1);
  });

  test('reads, writes and returns, inside one tenant', async () => {
    const { id } = await db
      .insertInto('shop.item')
      .values({ name: 'a', price: '1.50' })
      .returning('id')
      .executeTakeFirstOrThrow();
    const updated = await db
      .updateTable('shop.item')
      .set({ price: '2.50' })
      .where('id', '=', id)
      .executeTakeFirst();
    assert.equal(updated.numUpdatedRows, 1n);
    assert.deepEqual(await db.selectFrom('shop.item').select(['id', 'price']).execute(), [
      { id, price: '2.50' },
    ]);
    assert.deepEqual(await dbOf(900).selectFrom('shop.item').selectAll().execute(), []);
    const foreign = db.insertInto('shop.item').values({ name: 'x', price: null, tenant_id: tenantId(900) });
    await assert.rejects(
      foreign.execute(),
      (error) => error instanceof DataError && error.code === 'row_refused',
    );
  });

  test('a transaction commits, and rolls back on an error', async () => {
    await db.transaction().execute(async (trx) => {
      await trx.insertInto('shop.item').values({ name: 'kept', price: null }).execute();
    });
    const failing = db.transaction().execute(async (trx) => {
      await trx.insertInto('shop.item').values({ name: 'lost', price: null }).execute();
      throw new Error('mine');
    });
    await assert.rejects(failing, /mine/);
    assert.deepEqual(await names(), ['kept']);
  });

  test('isolation level and access mode are what was asked for', async () => {
    const shown = await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((trx) =>
        sql<{ level: string; read_only: string }>`select current_setting('transaction_isolation') as level,
          current_setting('transaction_read_only') as read_only`.execute(trx),
      );
    assert.deepEqual(shown.rows, [{ level: 'repeatable read', read_only: 'on' }]);
  });

  test('savepoints of a controlled transaction', async () => {
    const trx = await db.startTransaction().execute();
    await trx.insertInto('shop.item').values({ name: 'a', price: null }).execute();
    const one = await trx.savepoint('one').execute();
    await one.insertInto('shop.item').values({ name: 'b', price: null }).execute();
    const back = await one.rollbackToSavepoint('one').execute();
    const two = await back.savepoint('two').execute();
    await two.insertInto('shop.item').values({ name: 'c', price: null }).execute();
    const released = await two.releaseSavepoint('two').execute();
    await released.commit().execute();
    assert.deepEqual(await names(), ['a', 'c']);
  });

  test('a savepoint rolled back twice', async () => {
    const trx = await db.startTransaction().execute();
    const one = await trx.savepoint('odd "name"').execute();
    for (let round = 0; round < 2; round += 1) {
      await one.insertInto('shop.item').values({ name: 'x', price: null }).execute();
      await one.rollbackToSavepoint('odd "name"').execute();
    }
    await one.commit().execute();
    assert.deepEqual(await names(), []);
  });

  test('a failed statement cannot be committed over', async () => {
    const failing = db.transaction().execute(async (trx) => {
      await trx.insertInto('shop.item').values({ name: 'a', price: null }).execute();
      await sql`select 1 / 0`.execute(trx).catch(() => {});
    });
    await assert.rejects(failing, { code: 'transaction_aborted' });
    assert.deepEqual(await names(), []);
  });

  test('T-17: what Kysely would let through is refused here', async () => {
    await assert.rejects(sql`set role postgres`.execute(db), { code: 'statement_refused' });
  });

  test('destroying Kysely leaves the pool to its owner', async () => {
    await names();
    await db.destroy();
    assert.deepEqual((await fixture.session(1).query('select 1 as one')).rows, [{ one: 1 }]);
  });
});
