import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import { TenantPool } from '@bulkhead/kernel';
import { findingsOf, openLedger, tenantId, type LedgerFixture } from '../../test/ledgerFixture.ts';
import { eraseSubject } from './erase.ts';
import { cutChain, removeCutEntries } from './ledger/retention.ts';

const tenant = tenantId(1);
const person = randomUUID();

async function opened(t: TestContext): Promise<LedgerFixture> {
  const ledger = await openLedger();
  t.after(() => ledger.close());
  const owner = await ledger.connect('owner');
  await owner.query(`
    create schema shop; grant usage on schema shop to bulkhead_app;
    create table shop.buyer (
      id uuid primary key default gen_random_uuid(), tenant_id uuid not null default bulkhead.claimed_tenant_id(),
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
      deleted_at timestamptz, name text, city text);
    select bulkhead.protect_table('shop.buyer', 'tenant', '{"personal": {"columns": ["name"]}}')`);
  const { app } = ledger.database.connections;
  const pool = new TenantPool({ connection: { ...app, max: 1 }, sealer: ledger.database.sealer });
  const session = pool.as({ tenant, actor: { kind: 'account', id: person } });
  await session.query(`insert into shop.buyer (id, name, city) values ($1, 'Ada', 'Hull')`, [person]);
  await session.query(`update shop.buyer set city = 'York' where id = $1`, [person]);
  await session.query(`update shop.buyer set name = 'removed' where id = $1`, [person]);
  await pool.close();
  await ledger.sealAndSign();
  return ledger;
}

const erase = (ledger: LedgerFixture) =>
  eraseSubject(ledger.worker, {
    id: randomUUID(),
    tenantId: tenant,
    subjectId: person,
    reason: 'erasure request 4711',
  });

const kept = async ({ forger }: LedgerFixture) =>
  (await forger.query('select from bulkhead.audit_personal where subject_id = $1', [person])).rowCount;

describe('erasing a subject from a sealed log (T-69, AUD-7)', () => {
  test('the log verifies as before, against checkpoints and anchors; the erasure is an entry of it', async (t) => {
    const ledger = await opened(t);
    assert.deepEqual(findingsOf(await ledger.verify()), []);
    assert.deepEqual(await erase(ledger), { recorded: true, erased: 3 });
    assert.equal(await kept(ledger), 0);
    const [before] = await ledger.verify();
    assert.deepEqual([before?.findings, before?.entries], [[], 3]);
    await ledger.sealAndSign();
    const [report] = await ledger.verify();
    assert.deepEqual([report?.findings, report?.entries, report?.checkpointed], [[], 4, 4]);
  });

  test('mutation: were the value in the entry, erasing it would break the chain', async (t) => {
    const ledger = await opened(t);
    await ledger.tamper(
      `update bulkhead.audit_entry set after = replace(after::text, 'Hull', 'gone')::json where after ->> 'city' = 'Hull'`,
    );
    assert.deepEqual(findingsOf(await ledger.verify()), ['edited 0']);
  });

  test('values that somebody deleted, triggers off, are told from erased ones', async (t) => {
    const ledger = await opened(t);
    const one =
      'delete from bulkhead.audit_personal where entry_id = (select min(entry_id) from bulkhead.audit_personal)';
    await ledger.tamper(one);
    assert.deepEqual(findingsOf(await ledger.verify()), ['deleted 0']);
    await ledger.tamper(one);
    const [report] = await ledger.verify();
    assert.deepEqual(
      report?.findings.map(({ detail }) => /no entry tells of their erasure/.test(detail)),
      [true, true],
    );
    await ledger.tamper(
      `insert into bulkhead.audit_erasure (id, tenant_id, subject_id, through, reason) values ($1, $2, $3, now(), 'made up later')`,
      [randomUUID(), tenant, person],
    );
    assert.equal(
      findingsOf(await ledger.verify()).length,
      2,
      'a record that no entry tells of excuses nothing',
    );
    await erase(ledger);
    assert.deepEqual(findingsOf(await ledger.verify()), [], 'an erasure does');
  });

  test('retention takes the values with the entries', async (t) => {
    const ledger = await opened(t);
    assert.equal(await kept(ledger), 3);
    await cutChain(ledger.worker, { chain: tenant, seq: 2, reason: 'seven years have passed' });
    await ledger.sealAndSign();
    await removeCutEntries(ledger.worker);
    assert.equal(await kept(ledger), 1);
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });

  test('T-75: cut off before its commit, an erasure has neither happened nor been recorded', async (t) => {
    const ledger = await opened(t);
    const client = await ledger.connect('worker');
    await client.query('begin');
    await eraseSubject(client, {
      id: randomUUID(),
      tenantId: tenant,
      subjectId: person,
      reason: 'erasure request',
    });
    await ledger.forger.query('select pg_terminate_backend(pid) from pg_stat_activity where pid = $1', [
      (client as unknown as { processID: number }).processID,
    ]);
    await client.query('commit').catch(() => undefined);
    assert.equal(await kept(ledger), 3);
    const { rows } = await ledger.forger.query('select from bulkhead.audit_erasure');
    assert.equal(rows.length, 0);
    const events = await ledger.forger.query(`select from bulkhead.audit_entry where action = 'audit.erase'`);
    assert.equal(events.rowCount, 0);
  });
});
