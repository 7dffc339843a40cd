import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { findingsOf, openLedger, tenantId, type LedgerFixture } from '../../../test/ledgerFixture.ts';
import { cutChain, removeCutEntries } from './retention.ts';

const tenant = tenantId(1);

async function opened(t: TestContext): Promise<LedgerFixture> {
  const ledger = await openLedger();
  t.after(() => ledger.close());
  return ledger;
}

const entries = async (ledger: LedgerFixture): Promise<number> =>
  Number(
    (
      await ledger.forger.query<{ n: string }>(
        'select count(*) as n from bulkhead.audit_entry where tenant_id = $1',
        [tenant],
      )
    ).rows[0]?.n,
  );

describe('AUD-7 retention gives up prefixes, and says so', () => {
  test('behind a checkpoint, with an entry of its own; the chain goes on verifying', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 20);
    await ledger.sealAndSign();
    assert.equal(
      await cutChain(ledger.worker, { chain: tenant, seq: 12, reason: 'seven years have passed' }),
      12,
    );
    assert.deepEqual(
      await removeCutEntries(ledger.worker),
      { removed: 0, partitions: [] },
      'not before the cut itself is sealed',
    );
    await ledger.sealAndSign();
    assert.deepEqual(await removeCutEntries(ledger.worker), { removed: 12, partitions: [] });
    assert.equal(await entries(ledger), 9);
    const [report] = await ledger.verify();
    assert.deepEqual([report?.findings, report?.cut, report?.entries, report?.checkpointed], [[], 12, 9, 21]);
    await ledger.write(tenant, 4);
    await ledger.sealAndSign();
    assert.deepEqual(findingsOf(await ledger.verify()), []);
    await ledger.tamper(
      `delete from bulkhead.audit_entry where id = (select entry_id from bulkhead.audit_link where seq = 12)`,
    );
    assert.deepEqual(
      findingsOf(await ledger.verify()),
      ['deleted 12'],
      'what lies behind the cut is as guarded as ever',
    );
  });

  test('by time: everything before the first entry that is young enough', async (t) => {
    const ledger = await opened(t);
    await ledger.tamper(
      `insert into bulkhead.audit_entry (tenant_id, occurred_at, actor_kind, action, target_type)
       select $1, timestamptz '2019-01-01' + make_interval(days => n), 'account', 'insert', 'x.y' from generate_series(0, 9) n`,
      [tenant],
    );
    await ledger.sealAndSign();
    const before = new Date('2019-01-06T00:00:00Z');
    assert.equal(
      await cutChain(ledger.worker, { chain: tenant, before, reason: 'seven years have passed' }),
      5,
    );
    const never = new Date('2018-01-01T00:00:00Z');
    assert.equal(
      await cutChain(ledger.worker, { chain: tenant, before: never, reason: 'seven years have passed' }),
      undefined,
    );
  });

  test('not without a checkpoint, a reason, or a cut', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 5);
    await ledger.sealAndSign();
    await ledger.write(tenant, 5);
    await assert.rejects(
      cutChain(ledger.worker, { chain: tenant, seq: 8, reason: 'seven years have passed' }),
      { code: '22023' },
    );
    await assert.rejects(cutChain(ledger.worker, { chain: tenant, seq: 3, reason: 'no' }), { code: '23514' });
    await assert.rejects(ledger.forger.query('delete from bulkhead.audit_entry'), { code: '42501' });
    assert.deepEqual(await removeCutEntries(ledger.worker), { removed: 0, partitions: [] });
    assert.equal(await entries(ledger), 10);
  });

  test('a cut that no sealed entry tells of excuses nothing: the control', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 10);
    await ledger.sealAndSign();
    await ledger.tamper(
      `insert into bulkhead.audit_cut (tenant_id, seq, size, reason) values ($1, 4, 10, 'nobody was told of this')`,
      [tenant],
    );
    await ledger.tamper(
      `delete from bulkhead.audit_entry where id in (select entry_id from bulkhead.audit_link where seq < 4)`,
    );
    assert.deepEqual(findingsOf(await ledger.verify()), ['deleted 0']);
  });

  test('a past month that is empty then is dropped', async (t) => {
    const ledger = await opened(t);
    const owner = await ledger.connect('owner');
    await owner.query(`select bulkhead.create_audit_partition('2019-01-15')`);
    await ledger.tamper(
      `insert into bulkhead.audit_entry (tenant_id, occurred_at, actor_kind, action, target_type)
       select $1, timestamptz '2019-01-10', 'account', 'insert', 'x.y' from generate_series(1, 5)`,
      [tenant],
    );
    await ledger.write(tenant, 2);
    await ledger.sealAndSign();
    await cutChain(ledger.worker, {
      chain: tenant,
      before: new Date('2019-02-01'),
      reason: 'seven years have passed',
    });
    await ledger.sealAndSign();
    assert.deepEqual(await removeCutEntries(ledger.worker), {
      removed: 5,
      partitions: ['audit_entry_2019_01'],
    });
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });
});
