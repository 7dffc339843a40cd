import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import { TenantPool, type TenantSession } from '@bulkhead/kernel';
import { findingsOf, openLedger, tenantId, type LedgerFixture } from '../../test/ledgerFixture.ts';
import { csvLine } from '../content/index.ts';
import { openCursor, sealCursor } from './cursor.ts';
import { eraseSubject } from './erase.ts';
import { exportEntries } from './export.ts';
import { listEntries } from './list.ts';

const tenant = tenantId(1);
const cursorKey = Buffer.alloc(32, 9);

async function opened(t: TestContext): Promise<{ ledger: LedgerFixture; session: TenantSession }> {
  const ledger = await openLedger();
  const owner = await ledger.connect('owner');
  await owner.query(`
    create schema shop; grant usage on schema shop to bulkhead_app;
    create table shop.buyer (
      id uuid primary key default gen_random_uuid(), tenant_id uuid not null default bulkhead.claimed_tenant_id(),
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
      deleted_at timestamptz, name text);
    create table shop.note (
      id uuid primary key default gen_random_uuid(), tenant_id uuid not null default bulkhead.claimed_tenant_id(),
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
      deleted_at timestamptz, body json);
    select bulkhead.protect_table('shop.buyer', 'tenant', '{"personal": {"columns": ["name"]}}');
    select bulkhead.protect_table('shop.note', 'tenant')`);
  const { app } = ledger.database.connections;
  const pool = new TenantPool({ connection: { ...app, max: 2 }, sealer: ledger.database.sealer });
  t.after(async () => {
    await pool.close();
    await ledger.close();
  });
  return { ledger, session: pool.as({ tenant, actor: { kind: 'account', id: randomUUID() } }) };
}

describe('AUD-4 AUD-7 values that stand beside the entries', () => {
  test('a superuser who edits one, adds one, or takes another’s is found out', async (t) => {
    const { ledger, session } = await opened(t);
    await session.query(`insert into shop.buyer (name) values ('Ada'), ('Bea')`);
    await session.query(`update shop.buyer set name = name || '!'`);
    await ledger.sealAndSign();
    assert.deepEqual(findingsOf(await ledger.verify()), [], 'sound before');
    for (const [edit, found] of [
      [`after = '{"name":"Eve"}'`, ['edited 0']],
      [`after = '{"name":"Ada","tenant_id":"x"}'`, ['edited 0']],
      [
        `secret = (select secret from bulkhead.audit_personal where entry_id <> p.entry_id limit 1)`,
        ['edited 0'],
      ],
      [`after = '{"name": "Ada"}'`, []],
    ] as const) {
      await ledger.tamper(`create temp table whole as select * from bulkhead.audit_personal`);
      await ledger.tamper(
        `update bulkhead.audit_personal p set ${edit} where entry_id = (select min(entry_id) from bulkhead.audit_link)`,
      );
      assert.deepEqual(findingsOf(await ledger.verify()), found, edit);
      await ledger.tamper(`delete from bulkhead.audit_personal`);
      await ledger.tamper(`insert into bulkhead.audit_personal select * from whole`);
      await ledger.tamper(`drop table whole`);
    }
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });
});

describe('T-69 AUD-7 an erasure while somebody writes', () => {
  test('what was written before it and committed after it goes too', async (t) => {
    const { ledger, session } = await opened(t);
    const id = randomUUID();
    await session.query(`insert into shop.buyer (id, name) values ($1, 'Ada')`, [id]);
    const kept = async () =>
      (await ledger.forger.query('select from bulkhead.audit_personal where subject_id = $1', [id])).rowCount;
    const erasure = { id: randomUUID(), tenantId: tenant, subjectId: id, reason: 'erasure request 4711' };
    await session.transaction(async (tx) => {
      await tx.query(`update shop.buyer set name = 'Ada L.' where id = $1`, [id]);
      assert.deepEqual(await eraseSubject(ledger.worker, erasure), { recorded: true, erased: 1 });
    });
    assert.equal(await kept(), 1, 'the erasure could not see it');
    const { rows } = await ledger.worker.query('select bulkhead.complete_audit_erasures()::int as erased');
    assert.deepEqual(rows, [{ erased: 1 }]);
    assert.equal(await kept(), 0);
    await session.query(`update shop.buyer set name = 'removed' where id = $1`, [id]);
    const again = await ledger.worker.query('select bulkhead.complete_audit_erasures()::int as erased');
    assert.deepEqual(again.rows, [{ erased: 0 }], 'what was written later is not covered');
    await ledger.sealAndSign();
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });
});

describe('AUD-5 what an entry may hold', () => {
  for (const [name, [body, refusedByJsonb]] of Object.entries({
    'an escaped NUL': [String.raw`{"text": "\u0000"}`, '22P05'],
    'half a surrogate pair': [String.raw`{"text": "\ud800"}`, '22P02'],
    'a number beyond every type': ['{"number": 1e999999}', '22003'],
    'the same key twice': ['{"a": 1, "a": 2}', undefined],
    emoji: ['{"text": "🪵"}', undefined],
  })) {
    test(`${name} keeps nobody from reading, exporting, sealing and checking the log (T-64)`, async (t) => {
      const { ledger, session } = await opened(t);
      await session.query(`insert into shop.note (body) values ('{"first": true}')`);
      await session.query('update shop.note set body = $1', [body]);
      const asJsonb = session.query('select after::jsonb from bulkhead.audit_entry');
      await (refusedByJsonb === undefined
        ? asJsonb
        : assert.rejects(asJsonb, { sqlstate: refusedByJsonb }, 'the control'));
      await ledger.sealAndSign();
      assert.deepEqual(findingsOf(await ledger.verify()), []);
      const { entries } = await listEntries({ session, tenant, cursorKey });
      assert.deepEqual(
        entries.map(({ action, diff }) => [action, Object.keys(diff ?? {})]),
        [
          ['update', ['body']],
          ['insert', []],
        ],
      );
      for (const format of ['csv', 'jsonl'] as const) {
        const pieces = await Array.fromAsync(await exportEntries(session, { format }));
        assert.match(pieces.join(''), format === 'csv' ? /shop\.note/ : /"seq":1/);
      }
    });
  }

  test('T-69 what was searched for, which may be a name, is not kept for ever in the entry of its export', async (t) => {
    const { session } = await opened(t);
    await Array.fromAsync(
      await exportEntries(session, { format: 'csv', filter: { text: 'ann@example.org', action: 'update' } }),
    );
    const { rows } = await session.query<{ detail: { filter: object } }>(
      `select detail from bulkhead.audit_entry where action like 'audit.export%' order by id`,
    );
    assert.deepEqual(
      rows.map(({ detail }) => detail.filter),
      [
        { action: 'update', text: '(not recorded)' },
        { action: 'update', text: '(not recorded)' },
      ],
    );
  });

  test('a formula behind a semicolon, tab or line break begins no cell of its own (CSV injection)', () => {
    for (const [value, cell] of [
      ['x;=1+1;y', `"x;'=1+1;y"`],
      ['x;"=1+1', `"x;'""=1+1"`],
      ['x\t@SUM(1)', `"x\t'@SUM(1)"`],
      ['x\n-1', `"x\n'-1"`],
      ['=1+1', `"'=1+1"`],
      ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (X11; Linux x86_64)'],
    ] as const) {
      assert.equal(csvLine([value]), `${cell}\r\n`);
    }
  });

  test('a cursor that names three hundred running transactions is taken back', () => {
    const running = Array.from({ length: 300 }, (_, n) => 4_000_000_000 + n).join(',');
    const position = `123456789 4000000000:4000000301:${running}`;
    const cursor = sealCursor(cursorKey, { scope: 'tail', position });
    assert.equal(openCursor(cursorKey, { scope: 'tail', cursor }), position);
  });
});
