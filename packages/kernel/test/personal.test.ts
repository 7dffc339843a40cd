import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { company, openClinic, other, tenant, type Clinic } from './clinic.ts';

type Kept = { secret: Buffer; before: string | null; after: string | null };

let clinic: Clinic;
let owner: pg.Client;
let worker: pg.Client;
let superuser: pg.Client;
let as: Clinic['as'];
let patient: Clinic['patient'];
let entriesOf: Clinic['entriesOf'];

before(async () => {
  clinic = await openClinic();
  ({ owner, worker, superuser, as, patient, entriesOf } = clinic);
});
after(() => clinic.close());

/** As `erasure` says; up to now where it names no time. */
const erase = (subject: string, options: { id?: string; of?: string; through?: string } = {}) =>
  worker.query<{ recorded: boolean; erased: string }>(
    'select * from bulkhead.erase_audit_subject($1, $2, $3, coalesce($4, clock_timestamp()), $5)',
    [options.id ?? randomUUID(), options.of ?? tenant, subject, options.through ?? null, 'request 4711'],
  );

const presentTime = async (): Promise<string> =>
  (await worker.query<{ now: string }>('select clock_timestamp()::text as now')).rows[0]?.now ?? '';

const field = (value: string): string => `${Buffer.byteLength(value)}:${value}\n`;

/** The commitment as docs/audit-format.md specifies it, computed here and not by the database. */
function commitment(
  secret: Buffer,
  { id, column, value }: { id: string; column: string; value: string },
): string {
  const salt = createHash('sha256').update('bulkhead-salt/1\n').update(secret).update(column).digest('hex');
  const bytes = `bulkhead-personal/1\n${[salt, 'clinic.patient', id, column, value].map(field).join('')}`;
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

describe('personal data in entries (T-69, AUD-7)', () => {
  test('an entry holds commitments, the values stand beside it, and whoever has both can check them', async () => {
    const id = await patient('ada');
    await as().query(`update clinic.patient set code = 'P-2', email = 'new@clinic.example' where id = $1`, [
      id,
    ]);
    const [inserted, updated] = await entriesOf(id);
    assert.match(String(inserted?.after?.['name']), /^sha256:[0-9a-f]{64}$/);
    assert.equal(inserted?.after?.['code'], 'P-1');
    assert.equal(
      updated?.before?.['name'],
      updated?.after?.['name'],
      'what did not change compares as equal',
    );
    assert.notEqual(updated?.before?.['email'], updated?.after?.['email']);
    assert.notEqual(inserted?.after?.['name'], updated?.after?.['name'], 'another entry, another salt');
    const { rows } = await as().query<Kept>(
      'select secret, before::text, after::text from bulkhead.audit_personal where entry_id = $1',
      [updated?.id],
    );
    const [kept] = rows;
    assert.ok(kept);
    assert.equal(kept.after, '{ "name" : "ada", "email" : "new@clinic.example" }');
    assert.equal(
      updated?.after?.['email'],
      commitment(kept.secret, { id, column: 'email', value: '"new@clinic.example"' }),
    );
    assert.notEqual(
      updated?.after?.['email'],
      commitment(kept.secret, { id, column: 'name', value: '"new@clinic.example"' }),
    );
    assert.notEqual(
      updated?.after?.['diagnosis'],
      commitment(kept.secret, { id, column: 'diagnosis', value: '"asthma"' }),
      'a sensitive value cannot be tried with what is kept',
    );
    assert.equal(updated?.before?.['diagnosis'], updated?.after?.['diagnosis']);
  });

  test('a value that is null stays null, a value of another type is committed to as its json text', async () => {
    const { rows } = await as().query<{ id: string }>(
      'insert into clinic.patient (name) values (null) returning id',
    );
    const [entry] = await entriesOf(rows[0]?.id ?? '');
    assert.equal(entry?.after?.['name'], null);
    assert.equal(entry?.after?.['diagnosis'], null);
  });

  test('erasing a subject removes every value, and no byte of entries, links or hashes changes', async () => {
    const id = await patient('charlotte');
    const stays = await patient('emily');
    await as().query(`update clinic.patient set name = 'anne', email = null where id = $1`, [id]);
    const visit = await as().query<{ id: string }>(
      'insert into clinic.visit (patient_id, note) values ($1, $2) returning id',
      [id, 'charlotte came'],
    );
    await as().query('delete from clinic.visit where id = $1', [visit.rows[0]?.id]);
    await worker.query('select * from bulkhead.seal_audit()');
    const bytes = () =>
      superuser.query<{ hash: string }>(
        `select encode(sha256(string_agg(bulkhead.audit_entry_bytes(e), '' order by e.id)), 'hex') as hash
         from bulkhead.audit_entry e where e.action <> 'audit.erase'`,
      );
    const links = () =>
      superuser.query('select tenant_id, seq, entry_id, leaf from bulkhead.audit_link order by 1, 2');
    const [hashed, linked] = [(await bytes()).rows, (await links()).rows];
    assert.ok(linked.length > 4);

    const { rows } = await erase(id);
    assert.deepEqual(rows, [{ recorded: true, erased: '4' }]);
    assert.deepEqual((await bytes()).rows, hashed);
    assert.deepEqual((await links()).rows, linked);
    const left = await as().query('select from bulkhead.audit_personal where subject_id = $1', [id]);
    assert.equal(left.rowCount, 0);
    const kept = await as().query('select from bulkhead.audit_personal where subject_id = $1', [stays]);
    assert.equal(kept.rowCount, 1);
    const told = await as().query<{ detail: { entries: number } }>(
      `select detail from bulkhead.audit_entry where action = 'audit.erase' and target_id = $1`,
      [id],
    );
    assert.equal(told.rows[0]?.detail.entries, 4);
    const { rows: wrong } = await superuser.query<{ count: string }>(
      `select count(*) from bulkhead.audit_link l
       join bulkhead.audit_entry e on e.id = l.entry_id
       left join bulkhead.audit_link p on p.tenant_id = l.tenant_id and p.seq = l.seq - 1
       where l.leaf <> bulkhead.link_audit_entry(p.leaf, decode(repeat('00', 32), 'hex'), bulkhead.audit_entry_bytes(e))`,
    );
    assert.equal(wrong[0]?.count, '0', 'each leaf still follows from its entry');
  });

  test('a row that passes from one subject to another is erased for each by itself', async () => {
    const [from, to] = [await patient('left'), await patient('right')];
    const { rows } = await as().query<{ id: string }>(
      `insert into clinic.visit (patient_id, note) values ($1, 'about left') returning id`,
      [from],
    );
    const id = rows[0]?.id ?? '';
    await as().query(`update clinic.visit set patient_id = $1, note = 'about right' where id = $2`, [to, id]);
    const moved = (await entriesOf(id))[1]?.id;
    const kept = async () =>
      (
        await as().query<{ subject_id: string; before: object | null; after: object | null; secret: Buffer }>(
          'select subject_id, before, after, secret from bulkhead.audit_personal where entry_id = $1',
          [moved],
        )
      ).rows;
    const [one, next] = await kept();
    assert.notDeepEqual(one?.secret, next?.secret, 'what is left of one opens nothing of the other');
    await erase(from);
    const left = await kept();
    assert.deepEqual(
      left.map(({ subject_id, before, after }) => [subject_id, before, after]),
      [[to, null, { note: 'about right' }]],
    );
  });

  test('an erasure of another tenant touches nothing, and one again removes what a restore brought back (T-74)', async () => {
    const id = await patient('grace');
    assert.deepEqual((await erase(id, { of: other })).rows, [{ recorded: true, erased: '0' }]);
    const again = randomUUID();
    const through = await presentTime();
    await erase(id, { id: again, through });
    assert.deepEqual((await erase(id, { id: again, through })).rows, [{ recorded: false, erased: '0' }]);
    const [entry] = await entriesOf(id);
    await superuser.query(
      `insert into bulkhead.audit_personal (tenant_id, entry_id, occurred_at, company_id, subject_id, secret)
       select $1, $2, occurred_at, company_id, $3, '\\x00' from bulkhead.audit_entry where id = $2`,
      [tenant, entry?.id, id],
    );
    assert.deepEqual((await erase(id, { id: again, through })).rows, [{ recorded: false, erased: '1' }]);
  });

  test('values go with an erasure on record and no other way, whoever tries', async () => {
    const id = await patient('mary');
    for (const statement of [
      'delete from bulkhead.audit_personal',
      `update bulkhead.audit_personal set secret = '\\x00'`,
    ]) {
      await assert.rejects(superuser.query(statement), { code: '42501' });
      await assert.rejects(as().query(statement), { sqlstate: '42501' });
      await assert.rejects(worker.query(statement), { code: '42501' });
    }
    await assert.rejects(superuser.query('truncate bulkhead.audit_personal'), { code: '42501' });
    await assert.rejects(superuser.query('delete from bulkhead.audit_erasure'), { code: '42501' });
    await assert.rejects(
      owner.query('select bulkhead.erase_audit_subject($1, $2, $3, now(), $4)', [
        id,
        tenant,
        id,
        'by the owner',
      ]),
      {
        code: '42501',
      },
    );
    await assert.rejects(
      as().query('select bulkhead.erase_audit_subject($1, $2, $3, now(), $4)', [
        id,
        tenant,
        id,
        'by the app',
      ]),
      {
        code: 'privilege_refused',
      },
    );
    await assert.rejects(erase(id, { through: new Date(Date.now() + 60_000).toISOString() }), {
      code: '22023',
    });
    assert.equal((await as(other).query('select from bulkhead.audit_personal')).rowCount, 0);
  });

  test('mutation: without the trigger, values go with nothing on record', async () => {
    await patient('ghost');
    await superuser.query('begin');
    await superuser.query('drop trigger audit_personal_append_only on bulkhead.audit_personal');
    assert.ok(((await superuser.query('delete from bulkhead.audit_personal')).rowCount ?? 0) > 0);
    const { rows } = await superuser.query<{ table_name: string }>(
      'select table_name from bulkhead.unprotected_tables()',
    );
    assert.deepEqual(rows, [{ table_name: 'bulkhead.audit_personal' }], 'and start-up refuses');
    await superuser.query('rollback');
  });

  test('mutation: with triggers that do not mask, the value stands in the entry for good', async () => {
    await superuser.query('begin');
    await superuser.query(`create or replace function bulkhead.audit_commitment(salt bytea, target_type text, target_id uuid,
      column_name text, value json) returns text language sql immutable return value #>> '{}'`);
    await superuser.query(
      `insert into clinic.patient (tenant_id, company_id, name) values ($1, $2, 'Unmasked')`,
      [tenant, company],
    );
    const { rows } = await superuser.query<{ after: { name: string } }>(
      'select after from bulkhead.audit_entry order by id desc limit 1',
    );
    assert.equal(rows[0]?.after.name, 'Unmasked');
    await superuser.query('rollback');
  });

  test('after erasure and vacuum no file of the database holds the value', async () => {
    const marker = 'Wilhelmina-Zyxwvu';
    const id = await patient(marker);
    await as().query(`update clinic.patient set name = 'erased', email = null where id = $1`, [id]);
    await superuser.query('checkpoint');
    const relations = async (): Promise<string[]> => {
      const { rows } = await superuser.query<{ path: string }>(
        `select distinct pg_relation_filepath(c.oid) as path from pg_class c
         where pg_relation_filepath(c.oid) is not null and c.relnamespace = 'bulkhead'::regnamespace`,
      );
      return rows.map(({ path }) => path);
    };
    const { rows } = await superuser.query<{ folder: string }>(
      `select current_setting('data_directory') as folder`,
    );
    const holding = async (): Promise<number> => {
      const files = await Promise.all(
        (await relations()).map((path) => readFile(join(rows[0]?.folder ?? '', path))),
      );
      return files.filter((file) => file.includes(marker)).length;
    };
    assert.equal(await holding(), 1, 'the table of values, and no other');
    await erase(id);
    await superuser.query('vacuum full bulkhead.audit_personal');
    await superuser.query('checkpoint');
    assert.equal(await holding(), 0);
  });
});

describe('protect_table refuses', () => {
  const cases: Record<string, [string, string]> = {
    'a personal column it lacks': ['{"personal": {"columns": ["nickname"]}}', '42703'],
    'a subject that is no id': ['{"personal": {"columns": ["note"], "subject": "created_at"}}', '42P16'],
    'a column that places the row': ['{"sensitive": ["tenant_id"]}', '42703'],
    'sensitive columns without audit': ['{"sensitive": ["note"], "audit": false}', '22023'],
  };
  for (const [name, [options, code]] of Object.entries(cases)) {
    test(name, async () => {
      await assert.rejects(
        owner.query(`select bulkhead.protect_table('clinic.visit', 'tenant', $1)`, [options]),
        { code },
      );
    });
  }
});
