import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, describe, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';

const standard = `
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz`;
const company = 'company_id uuid not null default bulkhead.claimed_company_id()';
const account = 'account_id uuid not null default bulkhead.claimed_account_id()';

let database: TestDatabase;
let owner: pg.Client;

before(async () => {
  database = await createTestDatabase();
  owner = new pg.Client(database.connections.owner);
  await owner.connect();
});
after(async () => {
  await owner.end();
  await database.drop();
});
beforeEach(async () => {
  await owner.query(
    `begin; set local search_path = ''; create schema shop; select bulkhead.guard_schema('shop'); grant usage on schema shop to bulkhead_app`,
  );
});
afterEach(async () => {
  await owner.query('rollback');
});

async function protect(table: string, scope = 'tenant', options = {}): Promise<string[]> {
  const { rows } = await owner.query<{ protect_table: string }>('select bulkhead.protect_table($1, $2, $3)', [
    table,
    scope,
    options,
  ]);
  return rows.map((row) => row.protect_table);
}

async function problems(): Promise<string[]> {
  const { rows } = await owner.query<{ table_name: string; problem: string }>(
    'select * from bulkhead.unprotected_tables()',
  );
  return rows.map((row) => `${row.table_name}: ${row.problem}`);
}

/** Runs as the application under a context, inside the owner's open transaction. */
async function as(tenant: string, companyId: string, run: () => Promise<void>): Promise<void> {
  const actor = { kind: 'account', id: tenant } as const;
  const token = database.sealer.seal({ tenant, ...(companyId === '*' ? {} : { company: companyId }), actor });
  await owner.query(`select set_config('bulkhead.context', $1, true)`, [token]);
  await run();
}

async function refusal(statement: string): Promise<pg.DatabaseError> {
  await owner.query('savepoint attempt');
  try {
    await owner.query(statement);
  } catch (error) {
    await owner.query('rollback to attempt');
    assert.ok(error instanceof pg.DatabaseError);
    return error;
  }
  return assert.fail(`accepted: ${statement}`);
}

const a = '11111111-1111-4111-8111-111111111111';
const b = '22222222-2222-4222-8222-222222222222';

describe('ISO-1 ISO-6 ISO-7 protect_table', () => {
  test('says what it did, is idempotent, and leaves nothing open', async () => {
    await owner.query(`create table shop.project (${standard}, name text)`);
    assert.deepEqual(await problems(), ['shop.project: not protected']);
    assert.deepEqual(await protect('shop.project'), [
      'made the primary key (tenant_id, id): a key of id alone tells one tenant that another has it',
      'indexed created_at (brin)',
      'row-level security on and forced, policies for scope tenant',
      'every change writes an audit entry',
      'bulkhead_app may select, insert, update (deleted_at, name)',
    ]);
    assert.deepEqual(await protect('shop.project'), [
      'row-level security on and forced, policies for scope tenant',
      'every change writes an audit entry',
      'bulkhead_app may select, insert, update (deleted_at, name)',
    ]);
    assert.deepEqual(await problems(), []);
  });

  test('a column added later is writable after protecting again', async () => {
    await owner.query(`create table shop.project (${standard}, name text)`);
    await protect('shop.project');
    await owner.query('alter table shop.project add column budget numeric');
    assert.match((await protect('shop.project')).at(-1) ?? '', /budget/);
  });

  for (const [scope, column] of [
    ['company', company],
    ['user', account],
  ] as const) {
    test(`scope ${scope} needs its column`, async () => {
      await owner.query(
        `create table shop.bare (${standard}); create table shop.full (${standard}, ${column})`,
      );
      const error = await refusal(`select bulkhead.protect_table('shop.bare', '${scope}')`);
      assert.equal(error.code, '42P16');
      assert.match(error.message, /it needs (company|account)_id uuid not null$/);
      await protect('shop.full', scope);
      assert.deepEqual(
        (await problems()).filter((problem) => problem.startsWith('shop.full')),
        [],
      );
    });
  }

  const incomplete: Record<string, string> = {
    'id uuid not null': 'id text primary key, tenant_id uuid not null',
    'tenant_id uuid not null': 'id uuid primary key, tenant_id uuid',
    'created_at timestamp with time zone not null':
      'id uuid primary key, tenant_id uuid not null, created_at timestamp not null',
  };
  for (const [missing, columns] of Object.entries(incomplete)) {
    test(`refuses a table without ${missing}`, async () => {
      await owner.query(`create table shop.bad (${columns})`);
      const error = await refusal(`select bulkhead.protect_table('shop.bad')`);
      assert.equal(error.code, '42P16');
      assert.ok(error.message.includes(missing), error.message);
    });
  }

  test('refuses what it does not know', async () => {
    await owner.query(`create table shop.t (${standard}); create view shop.v as select 1 as one`);
    assert.equal((await refusal(`select bulkhead.protect_table('shop.v')`)).code, '42809');
    assert.equal((await refusal(`select bulkhead.protect_table('shop.t', 'galaxy')`)).code, '23514');
    assert.equal(
      (await refusal(`select bulkhead.protect_table('shop.t', 'tenant', '{"delet":"hard"}')`)).code,
      '22023',
    );
    assert.equal(
      (await refusal(`select bulkhead.protect_table('shop.t', 'tenant', '{"immutable":["x"]}')`)).code,
      '42703',
    );
  });

  test('T-11 refuses a unique key that spans tenants, or companies', async () => {
    await owner.query(`create table shop.t (${standard}, ${company}, code text unique)`);
    const error = await refusal(`select bulkhead.protect_table('shop.t')`);
    assert.equal(error.code, '42P16');
    assert.match(error.message, /spans tenants/);
    await owner.query(
      'alter table shop.t drop constraint t_code_key; alter table shop.t add unique (tenant_id, code)',
    );
    assert.equal((await refusal(`select bulkhead.protect_table('shop.t', 'company')`)).code, '42P16');
    await protect('shop.t');
  });

  test('T-10 rewrites foreign keys of an existing schema, keeps their names and actions, indexes them', async () => {
    await owner.query(`
      create table shop.parent (${standard}, ${company}, self uuid references shop.parent);
      create table shop.child (${standard}, ${company},
        parent_id uuid constraint its_parent references shop.parent on delete set null deferrable initially deferred)`);
    await protect('shop.parent', 'company');
    await protect('shop.child', 'company');
    const { rows } = await owner.query<{ definition: string }>(
      `select pg_get_constraintdef(oid) definition from pg_constraint where conname = 'its_parent'`,
    );
    assert.equal(
      rows[0]?.definition,
      'FOREIGN KEY (tenant_id, company_id, parent_id) REFERENCES shop.parent(tenant_id, company_id, id) ON DELETE SET NULL (parent_id) DEFERRABLE INITIALLY DEFERRED',
    );
    assert.deepEqual(await problems(), []);
  });

  test('T-10 refuses a reference to a table that is not registered, and a child without a tenant', async () => {
    await owner.query(
      `create table shop.parent (${standard}); create table shop.child (${standard}, parent_id uuid references shop.parent)`,
    );
    const error = await refusal(`select bulkhead.protect_table('shop.child')`);
    assert.match(error.message, /refers to shop.parent, which is not protected/);
    await owner.query('create table shop.stray (parent_id uuid references shop.parent)');
    assert.match(
      (await refusal(`select bulkhead.protect_table('shop.parent')`)).message,
      /shop.stray has no tenant_id/,
    );
  });

  test('shared and exempt tables need a reason, and give the application no more than they say', async () => {
    await owner.query(
      'create table shop.currency (code text primary key); create table shop.secret (id int)',
    );
    assert.equal((await refusal(`select bulkhead.share_table('shop.currency', 'short')`)).code, '23514');
    await owner.query(`select bulkhead.share_table('shop.currency', 'ISO 4217 codes are the same for everybody'),
      bulkhead.exempt_table('shop.secret', 'read by nobody at runtime')`);
    assert.deepEqual(await problems(), []);
    await owner.query(
      'grant insert on shop.currency to bulkhead_app; grant select on shop.secret to bulkhead_app',
    );
    assert.deepEqual(await problems(), [
      'shop.currency: bulkhead_app holds insert',
      'shop.secret: bulkhead_app holds select',
    ]);
  });
});

describe('what a protected table does', () => {
  beforeEach(async () => {
    await owner.query(
      `create table shop.invoice (${standard}, ${company}, number text, note text, unique (tenant_id, company_id, number))`,
    );
    await protect('shop.invoice', 'company', { immutable: ['number'] });
    await owner.query('set local role bulkhead_owner');
  });

  test('ISO-7 soft delete: the row leaves the default view, and comes back when asked for', async () => {
    await as(a, b, async () => {
      await owner.query(`insert into shop.invoice (number) values ('1'), ('2')`);
      const { rowCount } = await owner.query(`update shop.invoice set deleted_at = now() where number = '1'`);
      assert.equal(rowCount, 1, 'T-27: the deleting update itself must pass');
      const live = await owner.query<{ number: string }>('select number from shop.invoice');
      assert.deepEqual(live.rows, [{ number: '2' }]);
      assert.equal(
        (await owner.query(`update shop.invoice set note = 'x'`)).rowCount,
        1,
        'T-5: without WHERE too',
      );
      await owner.query(`set local bulkhead.deleted = 'visible'`);
      assert.equal((await owner.query('update shop.invoice set deleted_at = null')).rowCount, 2);
      await owner.query(`set local bulkhead.deleted = ''`);
      assert.equal((await owner.query('select from shop.invoice')).rowCount, 2);
    });
  });

  test('deleted_at is the time of the statement, whatever was asked for', async () => {
    await as(a, b, async () => {
      await owner.query(`insert into shop.invoice (number) values ('1')`);
      await owner.query(`update shop.invoice set deleted_at = '2999-01-01'`);
      assert.equal((await owner.query('select from shop.invoice')).rowCount, 0);
    });
  });

  test('DELETE and TRUNCATE are refused with a hint, to the owner too', async () => {
    await as(a, b, async () => {
      const deletion = await refusal('delete from shop.invoice');
      assert.equal(deletion.code, '42501');
      assert.match(deletion.hint ?? '', /set deleted_at = now\(\)/);
      assert.equal((await refusal('truncate shop.invoice')).code, '42501');
    });
  });

  test('identity columns never change, for the owner either; updated_at follows', async () => {
    await as(a, b, async () => {
      await owner.query(`insert into shop.invoice (number) values ('1')`);
      for (const change of [
        'id = gen_random_uuid()',
        `tenant_id = '${b}'`,
        `created_at = now() - interval '1 day'`,
      ]) {
        assert.equal((await refusal(`update shop.invoice set ${change}`)).code, '42501', change);
      }
      await owner.query(`update shop.invoice set updated_at = '2001-01-01'`);
      const { rows } = await owner.query<{ current: boolean }>(
        'select updated_at = now() current from shop.invoice',
      );
      assert.deepEqual(rows, [{ current: true }]);
    });
  });

  test('T-1 the owner is held by the policies: other companies and tenants are out of sight and reach', async () => {
    await as(a, b, async () => {
      await owner.query(`insert into shop.invoice (number) values ('1')`);
    });
    await as(a, a, async () => {
      assert.equal((await owner.query('select from shop.invoice')).rowCount, 0);
      const error = await refusal(`insert into shop.invoice (company_id, number) values ('${b}', '9')`);
      assert.match(error.message, /policy "bulkhead_company"/);
    });
    await as(b, '*', async () => {
      assert.equal((await owner.query('select from shop.invoice')).rowCount, 0);
      const error = await refusal(
        `insert into shop.invoice (tenant_id, company_id, number) values ('${a}', '${b}', '9')`,
      );
      assert.equal(error.code, '42501');
      assert.match(error.message, /policy "bulkhead_tenant"/);
    });
    await as(a, '*', async () => {
      assert.equal((await owner.query('select from shop.invoice')).rowCount, 1);
    });
  });

  test('the application holds privileges column by column', async () => {
    await as(a, b, async () => {
      await owner.query('reset role; set local role bulkhead_owner');
    });
    const { rows } = await owner.query<{ privilege: string; columns: string }>(`
      select lower(privilege_type) privilege, string_agg(column_name, ' ' order by ordinal_position) "columns"
      from information_schema.column_privileges
      join information_schema.columns using (table_schema, table_name, column_name)
      where grantee = 'bulkhead_app' and table_name = 'invoice' group by 1 order by 1`);
    assert.deepEqual(rows, [
      {
        privilege: 'insert',
        columns: 'id tenant_id created_at updated_at deleted_at company_id number note',
      },
      {
        privilege: 'select',
        columns: 'id tenant_id created_at updated_at deleted_at company_id number note',
      },
      { privilege: 'update', columns: 'deleted_at note' },
    ]);
  });

  test('a context cut short or made up is refused by the policy, not by the cast of a column default', async () => {
    const token = database.sealer.seal({ tenant: a, company: b, actor: { kind: 'account', id: a } });
    for (const bad of [
      token.slice(0, 30),
      token.slice(0, 60),
      token.slice(0, -1),
      'x',
      'a.b.c.d.e.f.g.h',
      '.'.repeat(9),
    ]) {
      await owner.query(`select set_config('bulkhead.context', $1, true)`, [bad]);
      for (const statement of [
        `insert into shop.invoice (number) values ('1')`,
        'select from shop.invoice',
        'update shop.invoice set note = null',
      ]) {
        const error = await refusal(statement);
        assert.equal(error.code, '42501', `${statement} under ${bad}`);
      }
    }
  });

  test('a row is born now, and alive: created_at cannot be backdated', async () => {
    await as(a, b, async () => {
      for (const [column, value] of [
        ['created_at', 'yesterday'],
        ['updated_at', 'tomorrow'],
        ['deleted_at', 'now'],
      ]) {
        const error = await refusal(`insert into shop.invoice (number, ${column}) values ('1', '${value}')`);
        assert.match(error.message, /policy "bulkhead_born"/, column);
      }
      await owner.query(
        `insert into shop.invoice (number, created_at, updated_at, deleted_at) values ('1', default, default, default)`,
      );
    });
  });
});

describe('T-22 a data migration under FORCE', () => {
  test('fails loudly with row_security off, as the migrator sets it, where it would silently touch nothing', async () => {
    await owner.query(`create table shop.t (${standard})`);
    await protect('shop.t');
    assert.equal((await owner.query('update shop.t set deleted_at = now()')).rowCount, 0);
    await owner.query('set local row_security = off');
    assert.equal((await refusal('update shop.t set deleted_at = now()')).code, '42501');
  });
});
