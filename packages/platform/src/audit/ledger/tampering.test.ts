import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, test, type TestContext } from 'node:test';
import { findingsOf, openLedger, tenantId, type LedgerFixture } from '../../../test/ledgerFixture.ts';
import { checkpointChain, InconsistentChain } from './checkpoint.ts';

const tenant = tenantId(1);

/** Twelve sealed entries, a checkpoint at 5 and one at 10, and another tenant beside. */
async function prepared(t: TestContext): Promise<LedgerFixture> {
  const ledger = await openLedger();
  t.after(() => ledger.close());
  await ledger.write(tenant, 5);
  await ledger.write(tenantId(2), 3);
  await ledger.sealAndSign();
  await ledger.write(tenant, 5);
  await ledger.sealAndSign();
  return ledger;
}

const entryAt = (seq: number): string =>
  `(select l.entry_id from bulkhead.audit_link l where l.tenant_id = '${tenant}' and l.seq = ${seq})`;

const edits: Record<string, string> = {
  occurred_at: `occurred_at = occurred_at + interval '1 microsecond'`,
  transaction_id: `transaction_id = '4'`,
  tenant_id: `tenant_id = '${tenantId(2)}'`,
  company_id: `company_id = gen_random_uuid()`,
  actor_kind: `actor_kind = 'operator'`,
  actor_id: 'actor_id = gen_random_uuid()',
  on_behalf_of: 'on_behalf_of = gen_random_uuid()',
  action: `action = 'insert'`,
  target_type: `target_type = 'shop.order'`,
  target_id: 'target_id = null',
  request_id: `request_id = ''`,
  ip: `ip = '203.0.113.9/24'`,
  user_agent: `user_agent = 'test/2'`,
  before: `before = '{"n" :3}'`,
  after: `after = null`,
  detail: `detail = '{}'`,
};

describe('AUD-3 AUD-4 a superuser with triggers off is found out', () => {
  test('every field, edited in turn (T-64, T-65)', async (t) => {
    const ledger = await prepared(t);
    assert.deepEqual(findingsOf(await ledger.verify()), [], 'sound before');
    for (const [field, edit] of Object.entries(edits)) {
      await ledger.tamper(
        `create temp table kept as select * from bulkhead.audit_entry where id = ${entryAt(3)}`,
      );
      await ledger.tamper(`update bulkhead.audit_entry set ${edit} where id = ${entryAt(3)}`);
      const reports = await ledger.verify();
      assert.deepEqual(findingsOf(reports).slice(0, 1), ['edited 3'], field);
      if (field === 'occurred_at' || field === 'tenant_id') {
        assert.match(reports[0]?.findings[0]?.detail ?? '', new RegExp(`its ${field} was edited`));
      }
      await ledger.tamper(`delete from bulkhead.audit_entry where id = ${entryAt(3)}`);
      await ledger.tamper('insert into bulkhead.audit_entry overriding system value select * from kept');
      await ledger.tamper('drop table kept');
      assert.deepEqual(findingsOf(await ledger.verify()), [], `sound after ${field}`);
    }
  });

  const attacks: [name: string, sql: string[], expected: string[]][] = [
    [
      'an id',
      [
        `create temp table moved as select * from bulkhead.audit_entry where id = ${entryAt(3)}`,
        `delete from bulkhead.audit_entry where id = ${entryAt(3)}`,
        'update moved set id = 99999',
        'insert into bulkhead.audit_entry overriding system value select * from moved',
      ],
      ['edited 3'],
    ],
    [
      'two entries swapped',
      [
        `create temp table pair as select * from bulkhead.audit_entry where id in (${entryAt(2)}, ${entryAt(6)})`,
        `update bulkhead.audit_entry e set request_id = p.request_id, before = p.before, after = p.after, actor_id = p.actor_id,
         target_id = p.target_id, transaction_id = p.transaction_id from pair p
       where e.id in (${entryAt(2)}, ${entryAt(6)}) and p.id in (${entryAt(2)}, ${entryAt(6)}) and p.id <> e.id`,
      ],
      ['swapped 2'],
    ],
    ['the first deleted', [`delete from bulkhead.audit_entry where id = ${entryAt(0)}`], ['deleted 0']],
    [
      'one in the middle deleted',
      [`delete from bulkhead.audit_entry where id = ${entryAt(4)}`],
      ['deleted 4'],
    ],
    ['the last deleted', [`delete from bulkhead.audit_entry where id = ${entryAt(9)}`], ['deleted 9']],
    [
      'the last deleted with its link',
      [
        `delete from bulkhead.audit_entry where id = ${entryAt(9)}`,
        `delete from bulkhead.audit_link where tenant_id = '${tenant}' and seq = 9`,
      ],
      ['deleted 9'],
    ],
    [
      'one deleted with its link, the rest renumbered',
      [
        `delete from bulkhead.audit_entry where id = ${entryAt(4)}`,
        `delete from bulkhead.audit_link where tenant_id = '${tenant}' and seq = 4`,
        `update bulkhead.audit_link set seq = seq + 1000 where tenant_id = '${tenant}' and seq > 4`,
        `update bulkhead.audit_link set seq = seq - 1001 where tenant_id = '${tenant}' and seq > 1000`,
      ],
      ['deleted 4'],
    ],
    [
      'all entries deleted',
      [`delete from bulkhead.audit_entry where tenant_id = '${tenant}'`],
      ['deleted 0'],
    ],
    [
      'everything deleted, chain and checkpoints too',
      [
        `delete from bulkhead.audit_entry where tenant_id = '${tenant}'`,
        ...['audit_link', 'audit_chain', 'audit_tile', 'audit_checkpoint'].map(
          (name) => `delete from bulkhead.${name} where tenant_id = '${tenant}'`,
        ),
      ],
      ['deleted 0'],
    ],
    [
      'one inserted beside the chain',
      [
        `insert into bulkhead.audit_entry (transaction_id, id, tenant_id, actor_kind, action, target_type) overriding system value
       values ('5', 0, '${tenant}', 'account', 'insert', 'shop.item')`,
      ],
      ['inserted 10'],
    ],
    [
      'one inserted with a transaction that has not begun',
      [
        `insert into bulkhead.audit_entry (transaction_id, tenant_id, actor_kind, action, target_type)
       values ('999999999999', '${tenant}', 'account', 'insert', 'shop.item')`,
      ],
      ['inserted 10'],
    ],
    [
      'one inserted into the chain',
      [
        `update bulkhead.audit_link set seq = seq + 1000 where tenant_id = '${tenant}' and seq > 4`,
        `update bulkhead.audit_link set seq = seq - 999 where tenant_id = '${tenant}' and seq > 1000`,
        `insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type) values ('${tenant}', 'account', 'insert', 'shop.item')`,
        `insert into bulkhead.audit_link (tenant_id, seq, entry_id, occurred_at, leaf)
       select '${tenant}', 5, e.id, e.occurred_at, bulkhead.link_audit_entry(null, l.leaf, bulkhead.audit_entry_bytes(e))
       from bulkhead.audit_link l, bulkhead.audit_entry e
       where l.tenant_id = '${tenant}' and l.seq = 4 and e.id = (select max(id) from bulkhead.audit_entry)`,
      ],
      ['inserted 5'],
    ],
    [
      'a checkpoint’s signature',
      [
        `update bulkhead.audit_checkpoint
       set note = overlay(note placing case substr(note, length(note) - 20, 1) when 'A' then 'B' else 'A' end from length(note) - 20)
       where tenant_id = '${tenant}' and size = 10`,
      ],
      ['forged_checkpoint 0'],
    ],
  ];
  for (const [name, statements, expected] of attacks) {
    test(name, async (t) => {
      const ledger = await prepared(t);
      for (const statement of statements) await ledger.tamper(statement);
      assert.deepEqual(findingsOf(await ledger.verify()), expected);
    });
  }

  const rewrite = `
    with recursive ordered as (
      select l.seq, l.entry_id, bulkhead.audit_entry_bytes(e) as bytes
      from bulkhead.audit_link l join bulkhead.audit_entry e on e.tenant_id = l.tenant_id and e.id = l.entry_id
      where l.tenant_id = '${tenant}'
    ), anew (seq, leaf) as (
      select seq, sha256('\\x00'::bytea || decode(repeat('00', 32), 'hex') || bytes) from ordered where seq = 0
      union all
      select o.seq, sha256('\\x00'::bytea || a.leaf || o.bytes) from anew a join ordered o on o.seq = a.seq + 1
    )
    update bulkhead.audit_link l set leaf = a.leaf from anew a where l.tenant_id = '${tenant}' and l.seq = a.seq`;

  test('T-66 T-67 the whole chain rewritten consistently: shown by what is kept outside, and nothing new is signed', async (t) => {
    const ledger = await prepared(t);
    await ledger.tamper(`update bulkhead.audit_entry set after = '{"n" : 0}' where id = ${entryAt(7)}`);
    await ledger.tamper(rewrite);
    await ledger.tamper(
      `update bulkhead.audit_chain c set head = (select leaf from bulkhead.audit_link l where l.tenant_id = c.tenant_id and l.seq = 9) where c.tenant_id = '${tenant}'`,
    );
    assert.deepEqual(findingsOf(await ledger.verify()), ['rewritten 5']);
    await ledger.tamper(`delete from bulkhead.audit_checkpoint where tenant_id = '${tenant}' and size = 10`);
    assert.deepEqual(findingsOf(await ledger.verify()), ['rewritten 5'], 'the anchor has it');
    await assert.rejects(checkpointChain(ledger.parts, { chain: tenant, size: 10 }), InconsistentChain);
    // The control: without the anchor, the same database verifies.
    assert.deepEqual(findingsOf(await ledger.verify({ anchors: [] })), []);
    await assert.doesNotReject(
      checkpointChain({ ...ledger.parts, anchors: [] }, { chain: tenant, size: 10 }),
    );
  });

  test('T-66 rolled back to an older backup, and gone on from there', async (t) => {
    const ledger = await prepared(t);
    await ledger.tamper(
      `delete from bulkhead.audit_entry where tenant_id = '${tenant}' and id in (select entry_id from bulkhead.audit_link where tenant_id = '${tenant}' and seq >= 5)`,
    );
    await ledger.tamper(`delete from bulkhead.audit_link where tenant_id = '${tenant}' and seq >= 5`);
    await ledger.tamper(`delete from bulkhead.audit_checkpoint where tenant_id = '${tenant}' and size > 5`);
    await ledger.tamper(
      `update bulkhead.audit_chain c set size = 5, head = (select leaf from bulkhead.audit_link l where l.tenant_id = c.tenant_id and l.seq = 4) where c.tenant_id = '${tenant}'`,
    );
    const older = await ledger.verify();
    assert.deepEqual(findingsOf(older), ['rolled_back 5']);
    assert.match(older[0]?.findings[0]?.detail ?? '', /consistent older state with 5/);
    await ledger.write(tenant, 8);
    await assert.rejects(
      ledger.sealAndSign(),
      InconsistentChain,
      'nothing is signed for what does not continue',
    );
    assert.deepEqual(findingsOf(await ledger.verify()), ['rewritten 5']);
    // A server that lost its anchors too goes on signing: the anchors of others show the fork.
    await checkpointChain({ ...ledger.parts, anchors: [] }, { chain: tenant, size: 13 });
    assert.deepEqual(findingsOf(await ledger.verify()), ['rolled_back 5']);
  });

  test('T-67 without anything outside, a removed end is not seen: the control', async (t) => {
    const ledger = await prepared(t);
    for (const statement of [
      `delete from bulkhead.audit_entry where tenant_id = '${tenant}'`,
      ...['audit_link', 'audit_chain', 'audit_tile', 'audit_checkpoint'].map(
        (name) => `delete from bulkhead.${name} where tenant_id = '${tenant}'`,
      ),
    ])
      await ledger.tamper(statement);
    assert.deepEqual(findingsOf(await ledger.verify()), ['deleted 0']);
    await rm(ledger.folder, { recursive: true });
    assert.deepEqual(findingsOf(await ledger.verify({ anchors: [] })), []);
  });
});
