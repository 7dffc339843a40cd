import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pgbouncerMissing, startPgbouncer, type Pgbouncer } from '../../../test/harness/pgbouncer.ts';
import { openFixture, type Fixture } from '../test/fixture.ts';
import type { TenantPool } from './pool.ts';
import type { TenantSession } from './session.ts';

/** Asked of Postgres from outside, because the next statement of the connection would drop the locks before it looks. */
const locks = 'outside: advisory locks';

/** What one tenant's statement tries to leave behind, and a question whose answer would show it to the next. */
const leftovers: { what: string; leave: string; look: string; clean: unknown }[] = [
  {
    what: 'a setting',
    leave: "select set_config('bulkhead.deleted', 'visible', false)",
    look: "select coalesce(current_setting('bulkhead.deleted', true), '') as found",
    clean: '',
  },
  {
    what: 'its context',
    leave: "select set_config('bulkhead.context', current_setting('bulkhead.context'), false)",
    look: "select split_part(current_setting('bulkhead.context'), '.', 4) as found",
    clean: '00000000-0000-4000-8000-000000000002',
  },
  {
    what: 'a statement timeout of one millisecond',
    leave: "select set_config('statement_timeout', '1ms', false)",
    look: "select current_setting('statement_timeout') as found",
    clean: '30s',
  },
  {
    what: 'read-only transactions',
    leave: "select set_config('default_transaction_read_only', 'on', false)",
    look: "select current_setting('transaction_read_only') as found",
    clean: 'off',
  },
  {
    what: 'a search path',
    leave: "select set_config('search_path', 'shop', false)",
    look: "select current_setting('search_path') as found",
    clean: '"$user", public',
  },
  {
    what: 'a client encoding',
    leave: "select set_config('client_encoding', 'LATIN1', false)",
    look: "select current_setting('client_encoding') as found",
    clean: 'UTF8',
  },
  {
    what: 'a setting made by a function of the schema',
    leave: 'select shop.make_visible()',
    look: "select coalesce(current_setting('bulkhead.deleted', true), '') as found",
    clean: '',
  },
  {
    what: 'a setting made inside a query in text',
    leave: `select query_to_xml('select set_config(''bulkhead.deleted'', ''visible'', false)', true, true, '')`,
    look: "select coalesce(current_setting('bulkhead.deleted', true), '') as found",
    clean: '',
  },
  {
    what: 'an advisory lock',
    leave: 'select pg_advisory_lock(4711)',
    look: locks,
    clean: 0,
  },
  {
    what: 'an advisory lock of a statement that failed',
    leave: 'select 1 / (pg_try_advisory_lock(4711)::int - 1)',
    look: locks,
    clean: 0,
  },
];

const refused = [
  "set bulkhead.deleted = 'visible'",
  'create temp table leftover as select 1',
  'declare leftover cursor with hold for select 1',
  'listen leftover',
  'prepare leftover as select 1',
  "do $$ begin perform set_config('bulkhead.deleted', 'visible', false); end $$",
];

/** Tenant 1 leaves, tenant 2 looks; both share one connection to Postgres. */
function leavesNothing(open: () => TenantPool, fixture: () => Fixture): void {
  const sessions = (): [TenantSession, TenantSession] => {
    const pool = open();
    return [pool.as(fixture().session(1).context), pool.as(fixture().session(2).context)];
  };
  const found = async (session: TenantSession, look: string): Promise<unknown> => {
    if (look === locks) return await fixture().advisoryLocks();
    const { rows } = await session.query<{ found: unknown }>(look);
    return rows[0]?.found;
  };

  for (const { what, leave, look, clean } of leftovers) {
    test(`T-17: ${what} does not outlive its statement`, async () => {
      const [one, two] = sessions();
      await one.query(leave).catch(() => {});
      assert.deepEqual(await found(two, look), clean);
      assert.deepEqual(await found(two, 'select 1 as found'), 1);
    });

    test(`T-17: ${what} does not outlive its transaction`, async () => {
      const [one, two] = sessions();
      await one.transaction((tx) => tx.query(leave)).catch(() => {});
      assert.deepEqual(await found(two, look), clean);
      const undone = one.transaction(async (tx) => {
        await tx.query(leave).catch(() => {});
        throw new Error('undo');
      });
      await assert.rejects(undone);
      assert.deepEqual(await found(two, look), clean);
    });
  }

  for (const text of refused) {
    test(`T-17: never leaves: ${text}`, async () => {
      const [one] = sessions();
      await assert.rejects(one.query(text), { code: 'statement_refused' });
      await assert.rejects(
        one.transaction((tx) => tx.query(text)),
        { code: 'statement_refused' },
      );
    });
  }

  test('T-17: the context is there for triggers that run at commit, also after a clean-up', async () => {
    const [one] = sessions();
    const text = 'insert into shop.late (tenant_id) select bulkhead.tenant_id() where pg_backend_pid() > 0';
    await one.query(text);
    await one.transaction((tx) => tx.query(text));
    assert.equal(await found(one, 'select count(*)::int as found from shop.late where seen is null'), 0);
  });
}

describe('residue', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
    await fixture.asOwner(`
      create function shop.make_visible() returns text language sql
        as $$ select set_config('bulkhead.deleted', 'visible', false) $$;
      create table shop.late (
        tenant_id uuid not null, seen uuid, at timestamptz not null default clock_timestamp());
      grant insert, select on shop.late to bulkhead_app;
      grant update (seen) on shop.late to bulkhead_app;
      create function shop.see_late() returns trigger language plpgsql as $$
      begin
        update shop.late set seen = bulkhead.tenant_id() where ctid = (select ctid from shop.late where at = new.at);
        return null;
      end $$;
      create constraint trigger see_late after insert on shop.late deferrable initially deferred
        for each row execute function shop.see_late();
      grant execute on function shop.make_visible(), shop.see_late() to bulkhead_app;
    `);
  });
  after(() => fixture.close());

  describe('directly, on one connection', () => {
    let pool: TenantPool;
    before(() => {
      pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 1 } });
    });
    leavesNothing(
      () => pool,
      () => fixture,
    );
  });

  describe('through PgBouncer in transaction mode, on one connection', { skip: pgbouncerMissing }, () => {
    let bouncer: Pgbouncer;
    let pool: TenantPool;
    before(async () => {
      bouncer = await startPgbouncer(fixture.database.connections.app, { poolSize: 1 });
      pool = fixture.open({ connection: { ...bouncer.connection, max: 4 } });
    });
    after(() => bouncer.stop());
    leavesNothing(
      () => pool,
      () => fixture,
    );

    test('ISO-4: no plan is kept where connections are shared', async () => {
      const session = pool.as(fixture.session(1).context);
      const kept = 'select name from pg_prepared_statements';
      for (let time = 0; time < 4; time += 1) assert.equal((await session.query(kept)).rowCount, 0);
    });
  });

  test('the application role cannot make temporary tables', async () => {
    const session = fixture.session(1);
    await assert.rejects(session.query('select 1 as a into temp leftover'), { code: 'privilege_refused' });
  });
});
