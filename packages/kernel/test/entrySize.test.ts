import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { DataError } from '../src/index.ts';
import { openClinic, type Clinic } from './clinic.ts';

const most = 4 * 1024 * 1024;

let clinic: Clinic;

before(async () => {
  clinic = await openClinic();
  await clinic.owner.query(`
    create table clinic.letter (
      id uuid not null default gen_random_uuid() primary key, tenant_id uuid not null default bulkhead.claimed_tenant_id(),
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(), deleted_at timestamptz, body text);
    select bulkhead.protect_table('clinic.letter', 'tenant', '{"delete": "hard"}')`);
});
after(() => clinic.close());

const refused = (table: string) => (error: unknown) => {
  assert.ok(error instanceof DataError);
  assert.equal(error.code, 'invalid_value');
  assert.equal(error.constraint, 'audit_entry_size');
  assert.match(error.hint ?? '', /at most 4 MiB/, 'which the client is told');
  assert.match(String(error.cause), new RegExp(`${table} .*is too large`));
  return true;
};

/** Length of what the entry of a letter holds besides its body. */
async function around(): Promise<number> {
  const { rows } = await clinic.as().query<{ length: number; id: string }>(
    `with l as (insert into clinic.letter (body) values ('') returning *)
       select octet_length(row_to_json(l)::text) as length, id from l`,
  );
  // Of the time, Postgres leaves out zeros at the end.
  const written = await clinic.entriesOf(rows[0]?.id ?? '');
  assert.equal(written.length, 1);
  return rows[0]?.length ?? 0;
}

describe('an entry that nobody could check is not written, nor what it would tell of', () => {
  test('a row of 4 MiB as JSON is the largest that is inserted, changed and deleted', async () => {
    const room = most - (await around()) - 100;
    const { rows } = await clinic
      .as()
      .query<{ id: string }>(`insert into clinic.letter (body) values (repeat('x', $1)) returning id`, [
        room,
      ]);
    const id = rows[0]?.id ?? '';
    await clinic.as().query(`update clinic.letter set body = repeat('y', $2) where id = $1`, [id, room]);
    await assert.rejects(
      clinic.as().query(`update clinic.letter set body = repeat('y', $2) where id = $1`, [id, room + 200]),
      refused('clinic.letter'),
    );
    await clinic.as().query('delete from clinic.letter where id = $1', [id]);
    const entries = await clinic.entriesOf(id);
    assert.deepEqual(
      entries.map(({ action }) => action),
      ['insert', 'update', 'delete'],
    );
  });

  test('beyond it the change fails with the limit’s name, and neither row nor entry is there', async () => {
    const id = randomUUID();
    await assert.rejects(
      clinic.as().query(`insert into clinic.letter (id, body) values ($1, repeat('x', $2))`, [id, most]),
      refused('clinic.letter'),
    );
    const found = await clinic.as().query('select from clinic.letter where id = $1', [id]);
    assert.equal(found.rowCount, 0);
    assert.deepEqual(await clinic.entriesOf(id), []);
  });

  test('the same of a table with personal columns', async () => {
    const id = await clinic.patient('Ann');
    for (const column of ['name', 'code']) {
      await assert.rejects(
        clinic.as().query(`update clinic.patient set ${column} = repeat('x', $2) where id = $1`, [id, most]),
        refused('clinic.patient'),
      );
    }
    assert.equal((await clinic.entriesOf(id)).length, 1);
  });

  test('an event’s detail and its target’s type are limited, what a request says of itself is cut', async () => {
    const event = `select bulkhead.audit_event('letter.send', $1, null, json_build_object('text', repeat('x', $2)))`;
    await assert.rejects(clinic.as().query(event, ['clinic.letter', most]), refused('clinic.letter'));
    await assert.rejects(clinic.as().query(event, ['x'.repeat(201), 1]), { constraint: 'audit_entry_size' });
    const id = randomUUID();
    await clinic.as().transaction(async (tx) => {
      const request = JSON.stringify({ id: 'i'.repeat(5000), ip: '203.0.113.9', agent: 'a'.repeat(5000) });
      await tx.query(`select set_config('bulkhead.request', $1, true)`, [request]);
      await tx.query('insert into clinic.letter (id) values ($1)', [id]);
    });
    const { rows } = await clinic
      .as()
      .query(
        'select length(request_id) as id, length(user_agent) as agent from bulkhead.audit_entry where target_id = $1',
        [id],
      );
    assert.deepEqual(rows, [{ id: 200, agent: 1000 }]);
  });
});
