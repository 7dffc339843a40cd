import {
  auditIdentity,
  chainsToCheckpoint,
  checkpointChain,
  directoryAnchor,
  InconsistentChain,
  parseVerifier,
  removeCutEntries,
  seal,
  witnessAnchor,
  type Anchor,
  type AuditIdentity,
  type CheckpointParts,
} from '@bulkhead/platform/audit/ledger';
import type { Pool } from 'pg';
import type { Config } from '../config/schema.ts';
import type { Duty } from '../duties/duty.ts';
import { bucketAnchors } from './bucket.ts';
import { checkingDuty } from './checking.ts';
import type { CheckingParts } from './checking.ts';
import { describeError } from '../http/log.ts';
import type { Log } from '../http/log.ts';

export type LedgerParts = CheckingParts & { worker: Pool; log: Log };

/** Who signs this installation's checkpoints; undefined without a key. */
export function ledgerIdentity({ audit }: Pick<Config, 'audit'>): AuditIdentity | undefined {
  if (audit.key === undefined) return undefined;
  return auditIdentity({
    seed: audit.key,
    previous: audit.previousKeys,
    ...(audit.name !== undefined && { name: audit.name }),
  });
}

function anchorsOf({ audit }: Pick<Config, 'audit'>): Anchor[] {
  const folder = audit.anchorFolder === undefined ? [] : [directoryAnchor(audit.anchorFolder)];
  const witnesses = audit.witnesses.map(({ url, verifier }) =>
    witnessAnchor({ url, verifier: parseVerifier(verifier) }),
  );
  return [...witnesses, ...folder, ...bucketAnchors(audit)];
}

/** Seals entries, signs checkpoints, checks the chains, prepares partitions, removes what lies before a cut. Safe on several servers at once. */
export function ledgerDuties(ledger: LedgerParts): Duty[] {
  const { config, worker, log } = ledger;
  const identity = ledgerIdentity(config);
  const run = async (): Promise<'again' | void> => ((await seal(worker)).more ? 'again' : undefined);
  const duties: Duty[] = [
    { name: 'audit.seal', every: 100, run },
    {
      name: 'audit.tidy',
      every: 2000,
      run: async () => void (await worker.query('select bulkhead.summarize_audit()')),
    },
    {
      name: 'audit.prepare',
      every: 3_600_000,
      run: async () => {
        await worker.query('select bulkhead.prepare_audit_partitions()');
        await worker.query('select bulkhead.complete_audit_erasures()');
        await removeCutEntries(worker);
      },
    },
  ];
  if (identity === undefined) return duties;
  const anchors = anchorsOf(config);
  const parts: CheckpointParts = { pool: worker, identity, anchors };
  const sign = (signal: AbortSignal) => signAll(parts, { log, signal });
  return [
    ...duties,
    { name: 'audit.sign', every: config.audit.checkpointEvery, run: sign },
    ...checkingDuty(ledger, { identity, anchors }),
  ];
}

async function signAll(
  parts: CheckpointParts,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  const faults: unknown[] = [];
  for (const due of await chainsToCheckpoint(parts.pool)) {
    if (signal.aborted) break;
    try {
      const { refused } = await checkpointChain(parts, due);
      for (const { anchor, error } of refused) {
        log.warn({ event: 'anchor_refused', anchor, chain: due.chain, error: describeError(error) });
      }
    } catch (error) {
      // The others go on: one chain that was tampered with, or cannot be read, must not stop the signing of all.
      if (!(error instanceof InconsistentChain)) {
        faults.push(error);
        continue;
      }
      log.error({ event: 'audit_chain_inconsistent', chain: due.chain, error: describeError(error) });
    }
  }
  if (faults.length > 0)
    throw new AggregateError(faults, `${faults.length} chains were not signed`, { cause: faults[0] });
}
