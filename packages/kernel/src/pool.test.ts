import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { pgbouncerMissing, startPgbouncer } from '../../../test/harness/pgbouncer.ts';
import { openFixture, tenantId, type Fixture } from '../test/fixture.ts';
import { SessionPool } from './adapters/sessionPool.ts';
import type { TenantPool } from './pool.ts';

/** Everything that can be reached from a value without breaking into private fields. */
function reachable(value: unknown, found = new Set<unknown>()): Set<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || found.has(value))
    return found;
  found.add(value);
  for (const key of Reflect.ownKeys(value))
    reachable(Reflect.getOwnPropertyDescriptor(value, key)?.value, found);
  return found;
}

describe('TenantPool', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  test('ISO-4: each tenant sees its own rows only', async () => {
    const [one, two] = [fixture.session(1), fixture.session(2)];
    await one.query('insert into shop.item (name) values ($1)', ['of one']);
    await two.query('insert into shop.item (name) values ($1)', ['of two']);
    const { rows } = await one.query('select name, tenant_id from shop.item');
    assert.deepEqual(rows, [{ name: 'of one', tenant_id: one.context.tenant }]);
  });

  const tenants = Array.from({ length: 8 }, (_, n) => n + 10);
  /** Every tenant at once, statements and transactions mixed, on two connections. */
  const crowd = async (pool: TenantPool): Promise<void> => {
    const visit = async (n: number): Promise<void> => {
      const session = pool.as(fixture.session(n).context);
      const own = 'select distinct tenant_id from shop.item';
      for (let round = 0; round < 10; round += 1) {
        await session.query('insert into shop.item (name) values (gen_random_uuid())');
        const { rows } =
          round % 2 === 0 ? await session.query(own) : await session.transaction((tx) => tx.query(own));
        assert.deepEqual(rows, [{ tenant_id: tenantId(n) }]);
      }
    };
    await Promise.all(tenants.map(visit));
    assert.equal(pool.counters().crossTenantRows, 0);
  };

  test('ISO-4: a crowd of tenants on two connections', async () => {
    await crowd(fixture.open({ connection: { ...fixture.database.connections.app, max: 2 } }));
  });

  test(
    'ISO-4: a crowd of tenants through PgBouncer on two connections',
    { skip: pgbouncerMissing },
    async (t) => {
      const bouncer = await startPgbouncer(fixture.database.connections.app, { poolSize: 2 });
      t.after(() => bouncer.stop());
      await crowd(fixture.open({ connection: { ...bouncer.connection, max: 8 } }));
    },
  );

  test('ISO-4: neither a pool nor a session nor a transaction hands out a connection', async () => {
    const session = fixture.session(1);
    await session.transaction(async (tx) => {
      await tx.query('select 1');
      for (const value of [fixture.pool, session, tx]) {
        const connections = [...reachable(value)].filter(
          (each) => each instanceof pg.Client || each instanceof pg.Pool,
        );
        assert.deepEqual(connections, []);
      }
    });
    const { password } = fixture.database.connections.app;
    assert.ok(
      ![...reachable(new SessionPool(session))].some((each) =>
        Object.values(each as object).includes(password),
      ),
    );
  });

  test('ISO-5: a session cannot be turned towards another tenant', async () => {
    const context = { tenant: tenantId(1), actor: { kind: 'account' as const, id: tenantId(1) } };
    const session = fixture.pool.as(context);
    context.tenant = tenantId(2);
    assert.throws(() => Object.assign(session.context, { tenant: tenantId(2) }), TypeError);
    const { rows } = await session.query('select bulkhead.tenant_id() as tenant');
    assert.deepEqual(rows, [{ tenant: tenantId(1) }]);
  });

  test('ISO-5: SQL that rewrites the context gets nothing but a refusal or nothing', async () => {
    const forged = fixture.database.sealer
      .seal({ ...fixture.session(2).context })
      .replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const theft = `select name from shop.item where set_config('bulkhead.context', $1, true) is not null`;
    await assert.rejects(
      fixture.session(1).transaction(async (tx) => {
        await tx.query(theft, [forged]);
        await tx.query('select name from shop.item');
      }),
      { code: 'context_refused' },
    );
    const blanked = await fixture.session(1).transaction(async (tx) => {
      await tx.query("select set_config('bulkhead.context', '', true)");
      return await tx.query('select name from shop.item');
    });
    assert.equal(blanked.rowCount, 0);
  });

  test('after close it says that the database is unavailable', async () => {
    const pool = fixture.open();
    const session = pool.as(fixture.session(1).context);
    await session.query('select 1');
    await pool.close();
    await assert.rejects(session.query('select 1'), { code: 'database_unavailable' });
  });
});
