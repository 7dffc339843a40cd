import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';

const tenant = '11111111-1111-4111-8111-111111111111';

describe('partitions of the audit entries (AUD-1)', () => {
  let database: TestDatabase;
  let worker: pg.Client;
  let superuser: pg.Client;
  before(async () => {
    database = await createTestDatabase();
    [worker, superuser] = [
      new pg.Client(database.connections.worker),
      new pg.Client(database.connections.superuser),
    ];
    await Promise.all([worker.connect(), superuser.connect()]);
  });
  after(async () => {
    await Promise.all([worker.end(), superuser.end()]);
    await database.drop();
  });

  const write = (at: string) =>
    superuser.query(
      `insert into bulkhead.audit_entry (occurred_at, tenant_id, actor_kind, action, target_type) values ($1, $2, 'job', 'a.b', 'x')`,
      [at, tenant],
    );
  const places = async (): Promise<Record<string, number>> => {
    const { rows } = await superuser.query<{ name: string; entries: number }>(
      `select tableoid::regclass::text as name, count(*)::int as entries from bulkhead.audit_entry group by 1 order by 1`,
    );
    return Object.fromEntries(rows.map(({ name, entries }) => [name.replace('bulkhead.', ''), entries]));
  };
  const prepare = () => worker.query('select bulkhead.prepare_audit_partitions()');
  const bytes = async () =>
    (
      await superuser.query<{ bytes: string }>(
        `select encode(string_agg(bulkhead.audit_entry_bytes(e), '' order by e.id), 'hex') as bytes from bulkhead.audit_entry e`,
      )
    ).rows[0]?.bytes;

  test('a month without a partition loses no entry, and is given one later without moving an entry', async () => {
    for (const at of ['2041-01-31T23:59:59Z', '2041-02-01T00:00:00Z', '2041-03-05T12:00:00Z']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await write(at);
    }
    assert.deepEqual(await places(), { audit_entry_unplaced: 3 });
    const written = await bytes();
    await prepare();
    assert.deepEqual(await places(), { audit_entry_2041_03: 3 });
    assert.equal(await bytes(), written, 'the same bytes, ids and transactions');
    await write('2041-02-15T00:00:00Z');
    await write('2042-01-01T00:00:00Z');
    assert.deepEqual(await places(), { audit_entry_2041_03: 4, audit_entry_unplaced: 1 });
    await prepare();
    assert.deepEqual(await places(), { audit_entry_2041_03: 4, audit_entry_2042_01: 1 });
  });

  test('what was placed and what catches are as guarded as the others', async () => {
    for (const name of ['audit_entry_2041_03', 'audit_entry_2042_01', 'audit_entry_unplaced']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await assert.rejects(superuser.query(`truncate bulkhead.${name}`), { code: '42501' });
    }
    for (const statement of [
      'delete from bulkhead.audit_entry',
      `update bulkhead.audit_entry set action = 'x'`,
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await assert.rejects(superuser.query(statement), { code: '42501' });
    }
    const { rows } = await superuser.query('select * from bulkhead.unprotected_tables()');
    assert.deepEqual(rows, []);
  });

  test('months that are not in one piece stay in the catch-all, where every search finds them', async () => {
    await write('2041-12-15T00:00:00Z');
    await write('2042-02-15T00:00:00Z');
    await prepare();
    assert.equal((await places())['audit_entry_unplaced'], 2);
    const { rows } = await superuser.query<{ n: number }>(
      `select count(*)::int as n from bulkhead.audit_entry where occurred_at >= '2041-12-01' and occurred_at < '2042-03-01'`,
    );
    assert.equal(rows[0]?.n, 3);
  });

  test('a writer that takes its time is not waited for long: placing is put off', async () => {
    await superuser.query('begin');
    await write('2042-02-20T00:00:00Z');
    const { rows } = await worker.query<{ placed: boolean }>(
      'select bulkhead.place_audit_entries() as placed',
    );
    assert.deepEqual(rows, [{ placed: false }]);
    await superuser.query('commit');
    assert.equal((await places())['audit_entry_unplaced'], 3);
  });
});
