import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { readSensitive } from '../src/index.ts';
import { actor, company, openClinic, other, type Clinic } from './clinic.ts';

let clinic: Clinic;
let superuser: pg.Client;
let as: Clinic['as'];
let patient: Clinic['patient'];
let entriesOf: Clinic['entriesOf'];

before(async () => {
  clinic = await openClinic();
  ({ superuser, as, patient, entriesOf } = clinic);
});
after(() => clinic.close());

describe('sensitive columns (AUD-6, PRV-6)', () => {
  test('the application reaches them by readSensitive alone, and each row read is an entry', async () => {
    const [id, second] = [await patient('rosalind'), await patient('dorothy')];
    for (const statement of ['select diagnosis from clinic.patient', 'select * from clinic.patient']) {
      await assert.rejects(as().query(statement), { code: 'privilege_refused' });
    }
    await assert.rejects(as().query(`select name from clinic.patient where diagnosis = 'asthma'`), {
      code: 'privilege_refused',
    });
    const rows = await readSensitive<{ name: string; diagnosis: string }>(as(), {
      table: 'clinic.patient',
      ids: [id, second, randomUUID()],
      purpose: 'ward round',
    });
    assert.deepEqual(
      rows.map(({ diagnosis }) => diagnosis),
      ['asthma', 'asthma'],
    );
    const { rows: entries } = await as().query(
      `select action, actor_id, company_id, request_id, host(ip) as ip, detail from bulkhead.audit_entry
       where target_id = $1 and action = 'record.read'`,
      [id],
    );
    assert.deepEqual(entries, [
      {
        action: 'record.read',
        actor_id: actor.id,
        company_id: company,
        request_id: 'req-9',
        ip: '203.0.113.9',
        detail: { columns: ['diagnosis'], purpose: 'ward round' },
      },
    ]);
  });

  test('another tenant reads nothing and leaves nothing; a rolled-back read gave nothing away for free', async () => {
    const id = await patient('hedy');
    const read = { table: 'clinic.patient', ids: [id], purpose: 'curiosity' };
    assert.deepEqual(await readSensitive(as(other), read), []);
    assert.equal((await entriesOf(id)).length, 1);
    await assert.rejects(readSensitive(as(), { ...read, table: 'clinic.visit' }), { sqlstate: '42809' });
    await assert.rejects(readSensitive(as(), { ...read, ids: Array.from({ length: 1001 }, () => id) }), {
      sqlstate: '22023',
    });
  });

  test('the value is not kept with the entries, which tell only whether it changed', async () => {
    const id = await patient('lise');
    const { rows } = await superuser.query(
      `select from bulkhead.audit_personal p where p.subject_id = $1 and concat(p.before, p.after) like '%asthma%'`,
      [id],
    );
    assert.equal(rows.length, 0);
    const [entry] = await entriesOf(id);
    assert.match(String(entry?.after?.['diagnosis']), /^sha256:/);
  });

  test('a grant that opens the columns stops start-up', async () => {
    await superuser.query('begin');
    await superuser.query('grant select on clinic.patient to bulkhead_app');
    const { rows } = await superuser.query('select table_name, problem from bulkhead.unprotected_tables()');
    assert.deepEqual(rows, [
      {
        table_name: 'clinic.patient',
        problem: 'bulkhead_app may read the sensitive columns diagnosis without an entry',
      },
    ]);
    await superuser.query('rollback');
  });
});
