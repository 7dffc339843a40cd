import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { migrate, MigrationError, pendingMigrations } from '../src/migrate.ts';

let database: TestDatabase;
let owner: pg.Client;
let folder: string;
let line: { line: string; folder: string };
let count = 0;

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
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-migrations-'));
  count += 1;
  line = { line: `test${count}`, folder };
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function file(name: string, sql: string): Promise<void> {
  await writeFile(join(folder, name), sql);
}

async function exists(table: string): Promise<boolean> {
  const { rows } = await owner.query<{ there: boolean }>('select to_regclass($1) is not null there', [table]);
  return rows[0]?.there ?? false;
}

describe('migrate', () => {
  test('applies what is pending, in order, once', async () => {
    await file('0001_a.sql', `create schema m${count}; create table m${count}.a (id int)`);
    await file('0002_b.sql', `create table m${count}.b (id int)`);
    assert.deepEqual(await pendingMigrations(owner, line), ['0001_a.sql', '0002_b.sql']);
    assert.deepEqual(await migrate(owner, line), ['0001_a.sql', '0002_b.sql']);
    assert.deepEqual(await migrate(owner, line), []);
    await file('0003_c.sql', `create table m${count}.c (id int)`);
    assert.deepEqual(await migrate(owner, line), ['0003_c.sql']);
  });

  test('a file that fails leaves nothing of itself and everything before it', async () => {
    await file('0001_good.sql', `create schema m${count}; create table m${count}.good (id int)`);
    await file('0002_bad.sql', `create table m${count}.half (id int); select 1/0`);
    await assert.rejects(migrate(owner, line), (error: unknown) => {
      assert.ok(error instanceof MigrationError);
      assert.equal(error.code, 'migration_failed');
      assert.match(error.message, /0002_bad\.sql: division by zero/);
      return true;
    });
    assert.equal(await exists(`m${count}.good`), true);
    assert.equal(await exists(`m${count}.half`), false);
    assert.deepEqual(await pendingMigrations(owner, line), ['0002_bad.sql']);
  });

  test('refuses history that does not match: a changed file, a newer database, a gap in the numbers', async () => {
    await file('0001_a.sql', 'select 1');
    await migrate(owner, line);
    await file('0001_a.sql', 'select 2');
    await assert.rejects(migrate(owner, line), { code: 'migration_changed' });
    await rm(join(folder, '0001_a.sql'));
    await assert.rejects(migrate(owner, line), { code: 'migration_missing' });
    await file('0002_b.sql', 'select 1');
    await assert.rejects(migrate(owner, line), { code: 'migration_misnamed' });
  });

  test('two servers that start together apply each file once', async () => {
    await file('0001_a.sql', `create schema m${count}; create table m${count}.once (id int)`);
    const second = new pg.Client(database.connections.owner);
    await second.connect();
    try {
      const applied = await Promise.all([migrate(owner, line), migrate(second, line)]);
      assert.deepEqual(applied.flat(), ['0001_a.sql']);
    } finally {
      await second.end();
    }
  });

  test('T-22 a data migration that row security would narrow to nothing fails', async () => {
    await file(
      '0001_a.sql',
      `create schema m${count};
       create table m${count}.t (
         id uuid primary key default gen_random_uuid(), tenant_id uuid not null,
         created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
         deleted_at timestamptz, note text);
       select bulkhead.protect_table('m${count}.t')`,
    );
    await file('0002_b.sql', `update m${count}.t set note = 'x'`);
    await assert.rejects(migrate(owner, line), /row-level security/);
  });
});

test('injected SQL that holds advisory locks cannot keep a server from migrating', async () => {
  const attacker = new pg.Client(database.connections.app);
  await attacker.connect();
  try {
    await attacker.query(
      `select pg_advisory_lock(hashtextextended('bulkhead.migrate', 0)), pg_advisory_lock(0)`,
    );
    await assert.rejects(
      attacker.query('begin; lock table bulkhead_migration.applied in access share mode'),
      { code: '42501' },
    );
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-migrations-'));
    await writeFile(join(folder, '0001_a.sql'), 'select 1');
    await owner.query(`set statement_timeout = '5s'`);
    assert.deepEqual(await migrate(owner, { line: 'unstalled', folder }), ['0001_a.sql']);
    await rm(folder, { recursive: true });
  } finally {
    await attacker.end();
  }
});
