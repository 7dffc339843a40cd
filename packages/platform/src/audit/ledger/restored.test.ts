import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { findingsOf, openLedger, tenantId, type LedgerFixture } from '../../../test/ledgerFixture.ts';
import { sealAll } from './seal.ts';

const [hot, other] = [tenantId(1), tenantId(2)];

/** Entries of another cluster, whose transaction numbers this one has not come to yet. */
async function restored(t: TestContext): Promise<LedgerFixture> {
  const ledger = await openLedger();
  t.after(() => ledger.close());
  await ledger.write(hot, 5);
  await ledger.sealAndSign();
  const { rows } = await ledger.forger.query<{ next: string }>(
    'select pg_snapshot_xmax(pg_current_snapshot())::text as next',
  );
  // As if they had been written so, and sealed so, over there.
  await ledger.tamper(`delete from bulkhead.audit_link`);
  await ledger.tamper(`delete from bulkhead.audit_chain`);
  await ledger.tamper(`delete from bulkhead.audit_tile`);
  await ledger.tamper(`delete from bulkhead.audit_checkpoint`);
  await ledger.tamper(`update bulkhead.audit_entry set transaction_id = ($1::bigint + 30)::text::xid8`, [
    rows[0]?.next,
  ]);
  await ledger.tamper(`update bulkhead.audit_sealer set cluster = 1`);
  await sealAll(ledger.worker);
  return ledger;
}

describe('AUD-3 T-62 a dump restored into another cluster', () => {
  test('a hot tenant’s backlog takes none of the restored entries again, and holds up nobody', async (t) => {
    const ledger = await restored(t);
    for (let n = 0; n < 60; n += 1) await ledger.write(hot, 1);
    await ledger.write(other, 60);
    const { rows } = await ledger.worker.query<{ deferred: number }>(
      'select deferred from bulkhead.seal_audit(10)',
    );
    assert.equal(rows[0]?.deferred, 2, 'both wait in the backlog');
    await sealAll(ledger.worker);
    const reports = await ledger.verify({ anchors: [] });
    assert.deepEqual(findingsOf(reports), []);
    assert.deepEqual(
      reports.map(({ entries, waiting }) => [entries, waiting]),
      [
        [65, 0],
        [60, 0],
      ],
    );
  });
});
