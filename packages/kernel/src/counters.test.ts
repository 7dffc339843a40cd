import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openFixture, tenantId, type Fixture } from '../test/fixture.ts';
import { foreignRows } from './counters.ts';

describe('counters', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  test('ISO-10: statements and refusals are counted', async () => {
    const pool = fixture.open();
    const session = pool.as(fixture.session(1).context);
    await session.query('select 1');
    await session.transaction(async (tx) => {
      await tx.query('select 1');
      await tx.query('select 2');
    });
    await session.query('set role postgres').catch(() => {});
    await session.query('delete from shop.item').catch(() => {});
    await session.query('select 1 / 0').catch(() => {});
    assert.deepEqual(pool.counters(), {
      statements: 3,
      refusals: { statement_refused: 1, delete_refused: 1 },
      crossTenantRows: 0,
    });
  });

  test('ISO-10: a table that leaks shows in the count and is told', async () => {
    await fixture.asSuperuser(`
      create table shop.leaky as select '${tenantId(2)}'::uuid as tenant_id;
      grant select on shop.leaky to bulkhead_app;
    `);
    const told: { tenant: string; rows: number }[] = [];
    const pool = fixture.open({ events: { crossTenantRows: (found) => told.push(found) } });
    await pool.as(fixture.session(1).context).query('select * from shop.leaky');
    await pool.as(fixture.session(2).context).query('select * from shop.leaky');
    await pool
      .as(fixture.session(1).context)
      .run({ text: 'select 1, tenant_id from shop.leaky' }, { rowMode: 'array' });
    assert.equal(pool.counters().crossTenantRows, 2);
    assert.deepEqual(told, Array(2).fill({ tenant: tenantId(1), rows: 1 }));
  });

  test('a listener that throws does not cost the connection', async () => {
    const pool = fixture.open({
      connection: { ...fixture.database.connections.app, max: 1 },
      events: {
        crossTenantRows: () => {
          throw new Error('the listener is broken');
        },
      },
    });
    const session = pool.as(fixture.session(1).context);
    for (let time = 0; time < 3; time += 1) {
      await assert.rejects(session.query('select * from shop.leaky'), /Something went wrong/);
    }
    assert.equal((await session.query('select 1')).rowCount, 1);
  });

  test('the sample always holds the first row, and few of many', () => {
    const fields = [{ name: 'tenant_id' }];
    const rows = Array.from({ length: 1000 }, () => ({ tenant_id: 'b' }));
    assert.ok(foreignRows(rows, fields, 'a') <= 10);
    assert.ok(foreignRows(rows, fields, 'a') >= 8);
    assert.equal(foreignRows([{ tenant_id: 'b' }], fields, 'a'), 1);
    assert.equal(foreignRows([{ tenant_id: null }], fields, 'a'), 0);
    assert.equal(foreignRows([{ tenant_id: 'b' }], [{ name: 'id' }], 'a'), 0);
    assert.equal(foreignRows([], fields, 'a'), 0);
  });
});
