import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openFixture, type Fixture } from '../test/fixture.ts';
import { expected, expectedFunctions, roles } from '../test/heldPrivileges.ts';

describe('privileges in the platform’s schemas (ISO-2)', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> => {
    const client = await fixture.connect('superuser');
    return (await client.query<Row>(text, values)).rows;
  };

  it('are on tables and columns exactly these', async () => {
    const rows = await query<{ target: string; role: string | null; privileges: string | null }>(
      `with held as (
         select c.oid, n.nspname || '.' || c.relname as target, r.role, p.privilege,
           array_agg(a.attname::text order by a.attname::text)
             filter (where has_column_privilege(r.role, c.oid, a.attnum, p.privilege)) as columns,
           count(*) as all_columns
         from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         cross join unnest($1::text[]) r (role)
         cross join unnest(array['select', 'insert', 'update', 'references']) p (privilege)
         where n.nspname in ('billing', 'edge', 'identity', 'mail', 'tenants', 'webhooks') and c.relkind in ('r', 'p', 'v', 'm', 'f')
         group by 1, 2, 3, 4
       )
       select target, role, string_agg(
         privilege || '(' || case when cardinality(columns) = all_columns then '*' else array_to_string(columns, ', ') end || ')',
         ' ' order by array_position(array['select', 'insert', 'update', 'references'], privilege)
       ) filter (where columns is not null) as privileges
       from held group by target, role order by target, role`,
      [roles],
    );
    const found: Record<string, Record<string, string>> = {};
    for (const { target, role, privileges } of rows) {
      const table = (found[target] ??= {});
      if (role !== null && privileges !== null) table[role] = privileges;
    }
    assert.deepEqual(found, expected);
  });

  it('include no delete, truncate, trigger or sequence', async () => {
    const rows = await query(
      `select c.oid::regclass::text as target, r.role
       from pg_class c cross join unnest($1::text[]) r (role)
       where c.relnamespace in ('billing'::regnamespace, 'edge'::regnamespace, 'identity'::regnamespace, 'mail'::regnamespace, 'tenants'::regnamespace, 'webhooks'::regnamespace)
         and case when c.relkind in ('r', 'p', 'v') then has_table_privilege(r.role, c.oid, 'delete, truncate, trigger')
           when c.relkind = 'S' then has_sequence_privilege(r.role, c.oid, 'usage, select, update') end`,
      [roles],
    );
    assert.deepEqual(rows, []);
  });

  it('are on functions exactly these, and none are anybody’s (T-7)', async () => {
    const rows = await query<{ role: string; functions: string[] | null }>(
      `select r.role, array_agg(n.nspname || '.' || p.proname order by n.nspname, p.proname)
         filter (where has_function_privilege(r.role, p.oid, 'execute')) as functions
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       cross join unnest($1::text[] || array['public']) r (role)
       where n.nspname in ('billing', 'edge', 'identity', 'mail', 'tenants', 'webhooks') group by r.role`,
      [roles],
    );
    assert.deepEqual(Object.fromEntries(rows.map(({ role, functions }) => [role, functions ?? []])), {
      ...expectedFunctions,
      public: [],
    });
  });

  it('stand on functions with a fixed search path (T-7)', async () => {
    const rows = await query(
      `select p.oid::regprocedure::text as function from pg_proc p
       where p.pronamespace in ('billing'::regnamespace, 'edge'::regnamespace, 'identity'::regnamespace, 'mail'::regnamespace, 'tenants'::regnamespace, 'webhooks'::regnamespace)
         and p.prosqlbody is null and not coalesce(p.proconfig @> array['search_path=""'], false)`,
    );
    assert.deepEqual(rows, []);
  });

  it('leave no table unprotected, and no object without a comment (ISO-1)', async () => {
    assert.deepEqual(await query('select * from bulkhead.unprotected_tables()'), []);
    const uncommented = await query(
      `select c.oid::regclass::text as object from pg_class c
       where c.relnamespace in ('billing'::regnamespace, 'edge'::regnamespace, 'identity'::regnamespace, 'mail'::regnamespace, 'tenants'::regnamespace, 'webhooks'::regnamespace) and c.relkind in ('r', 'p', 'v')
         and obj_description(c.oid, 'pg_class') is null
       union all
       select a.attrelid::regclass::text || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
       where c.relnamespace in ('billing'::regnamespace, 'edge'::regnamespace, 'identity'::regnamespace, 'mail'::regnamespace, 'tenants'::regnamespace, 'webhooks'::regnamespace) and c.relkind = 'r'
         and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null
       union all
       select p.oid::regprocedure::text from pg_proc p
       where p.pronamespace in ('billing'::regnamespace, 'edge'::regnamespace, 'identity'::regnamespace, 'mail'::regnamespace, 'tenants'::regnamespace, 'webhooks'::regnamespace) and obj_description(p.oid, 'pg_proc') is null`,
    );
    assert.deepEqual(uncommented, []);
  });

  it('show bulkhead_identity the memberships of the sealed account only, and nothing without a seal', async () => {
    const [robin, other] = [await fixture.person(), await fixture.person()];
    const client = await fixture.connect('identity');
    const ids = async (text: string): Promise<string[]> =>
      (await client.query<{ id: string }>(text)).rows.map(({ id }) => id);
    const visible = async (): Promise<string[]> => [
      ...(await ids('select account_id as id from identity.membership')),
      ...(await ids('select id from tenants.tenant')),
    ];
    assert.deepEqual(await visible(), []);
    const seal = fixture.database.sealer.seal({
      tenant: other.tenantId,
      actor: { kind: 'account', id: robin.accountId },
    });
    await client.query(`select set_config('bulkhead.context', $1, false)`, [seal]);
    assert.deepEqual(await visible(), [robin.accountId, robin.tenantId]);
    await client.query(`select set_config('bulkhead.context', $1, false)`, [
      seal.replace(robin.accountId, other.accountId),
    ]);
    await assert.rejects(visible(), { code: '42501' });
  });
});
