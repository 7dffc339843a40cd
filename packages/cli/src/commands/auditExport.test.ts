import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { eraseSubject, listErasures } from '@bulkhead/platform/audit';
import { testConfig } from '../../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { makePerson } from '../../../../test/harness/people.ts';
import { writeEntries, toFile } from '../audit/exportAudit.ts';

let database: TestDatabase;
let folder: string;
let tenant: string;

before(async () => {
  database = await createTestDatabase({ template: 'full' });
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-export-'));
  const person = {
    email: 'ann@acme.example',
    password: 'seven copper lanterns drift',
    name: 'Ann',
    tenantName: 'Acme',
  };
  ({ tenantId: tenant } = await makePerson(database, { ...person, companyName: 'Acme North' }));
});
after(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

test('AUD-5: entries of a filter are written to a file that others may not read, and the log tells of it', async () => {
  const path = join(folder, 'log.csv');
  const bytes = await toFile(path, (write) =>
    writeEntries(testConfig(database), {
      tenant,
      format: 'csv',
      filter: { targetType: 'tenants.company' },
      write,
    }),
  );
  const text = await readFile(path, 'utf8');
  assert.equal(Buffer.byteLength(text), bytes);
  assert.match(text, /Acme North/);
  assert.ok(!text.includes('identity.membership'));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const again = toFile(path, (write) => write('x'));
  await assert.rejects(again, { code: 'file_exists' });
  assert.equal(await readFile(path, 'utf8'), text, 'what was there stays');
  const superuser = new pg.Client(database.connections.superuser);
  await superuser.connect();
  const { rows } = await superuser.query(
    `select action, actor_kind, detail ->> 'complete' as complete from bulkhead.audit_entry
     where action like 'audit.export%' and tenant_id = $1 order by id`,
    [tenant],
  );
  await superuser.end();
  assert.deepEqual(rows, [
    { action: 'audit.export', actor_kind: 'service', complete: null },
    { action: 'audit.export_end', actor_kind: 'service', complete: 'true' },
  ]);
});

test('a write that fails leaves no file behind', async () => {
  const path = join(folder, 'broken.csv');
  await assert.rejects(
    toFile(path, async (write) => {
      await write('half');
      throw new Error('the database went away');
    }),
    /went away/,
  );
  await assert.rejects(readFile(path), { code: 'ENOENT' });
  await writeFile(path, '');
});

test('T-74, AUD-7: an erasure on record is told to the microsecond, and replayed', async () => {
  const worker = new pg.Client(database.connections.worker);
  await worker.connect();
  try {
    const subject = '3f0c1d8e-0000-4000-8000-000000000001';
    const erasure = { id: '3f0c1d8e-0000-4000-8000-0000000000aa', tenantId: tenant, subjectId: subject };
    const first = await eraseSubject(worker, { ...erasure, reason: 'erasure request 4711' });
    assert.deepEqual(first, { recorded: true, erased: 0 });
    const [kept] = await listErasures(worker);
    assert.match(kept?.through ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok(kept);
    assert.deepEqual(await eraseSubject(worker, kept), { recorded: false, erased: 0 });
    await assert.rejects(eraseSubject(worker, { ...erasure, id: subject, reason: 'short' }), {
      code: '23514',
    });
  } finally {
    await worker.end();
  }
});
