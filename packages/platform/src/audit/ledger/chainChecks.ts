/** Keeps what a server found when it checked the chains, and checks them from where the last check ended. */
import type { AuditorClient } from './auditorClient.ts';
import type { Start } from './chainVerifier.ts';
import type { Verifier } from './note.ts';
import type { NoteSource } from './notes.ts';
import type { LedgerPool } from './seal.ts';
import { verifyDatabase, type DatabaseReport } from './verifyDatabase.ts';

export type ChainCheck = {
  /** As bulkhead_auditor, on a connection of its own that is opened when there is something to do. */
  readonly openAuditor: () => Promise<AuditorClient>;
  /** As bulkhead_worker. */
  readonly worker: LedgerPool;
  readonly name: string;
  readonly verifiers: readonly Verifier[];
  /** What the places outside the database hold: their newest notes suffice. */
  readonly openAnchors: () => Promise<readonly NoteSource[]>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Milliseconds from one check to the next; after three times as many it is overdue. */
  readonly every: number;
  /** After so many milliseconds a chain is checked from its first entry again. */
  readonly wholeEvery: number;
};

type Kept = { start: Start; checkedAt: number; wholeAt: number };

async function readKept(worker: LedgerPool): Promise<Map<string, Kept>> {
  const { rows } = await worker.query(
    'select tenant_id, size, peaks, previous, checked_at, whole_at from bulkhead.audit_verification',
  );
  return new Map(
    rows.map((row) => [
      String(row['tenant_id']),
      {
        start: {
          size: Number(row['size']),
          peaks: row['peaks'] as Buffer[],
          previous: row['previous'] as Buffer,
        },
        checkedAt: (row['checked_at'] as Date).getTime(),
        wholeAt: (row['whole_at'] as Date | null)?.getTime() ?? 0,
      },
    ]),
  );
}

/**
 * Checks every chain and records what it found. What was checked before is gone over again after `wholeEvery`. Of several servers,
 * one does it: whoever comes when the last check is younger than half of `every` does nothing.
 *
 * @returns the reports with findings; undefined when it was not due
 * @throws the client's error when the database, or an anchor, cannot be read: then nothing is recorded, and the check becomes overdue
 */
export async function checkChains(check: ChainCheck): Promise<DatabaseReport[] | undefined> {
  const { worker, clock, every, wholeEvery } = check;
  const kept = await readKept(worker);
  const last = Math.max(0, ...[...kept.values()].map(({ checkedAt }) => checkedAt));
  if (clock() - last < every / 2) return undefined;
  const due = [...kept].filter(([, { wholeAt }]) => clock() - wholeAt < wholeEvery);
  const resume = new Map(due.map(([chain, { start }]) => [chain, start]));
  const positions = new Map<string, Start>();
  const tampered: DatabaseReport[] = [];
  const { name, verifiers } = check;
  // Before the database's snapshot is taken.
  const anchors = await check.openAnchors();
  const onSound = (chain: string, position: Start): void => void positions.set(chain, position);
  const options = { name, verifiers, anchors, resume, onlyNew: true, onSound };
  for await (const report of verifyDatabase(await check.openAuditor(), options)) {
    if (report.findings.length > 0) tampered.push(report);
    await record(check, report, { start: positions.get(report.chain), whole: !resume.has(report.chain) });
  }
  return tampered;
}

async function record(
  { worker, every }: ChainCheck,
  { chain, findings }: DatabaseReport,
  { start, whole }: { start: Start | undefined; whole: boolean },
): Promise<void> {
  const [first] = findings;
  const finding = first === undefined ? null : `${first.kind} at ${first.seq}: ${first.detail}`;
  await worker.query('select bulkhead.record_audit_verification($1, $2, $3, $4, $5, $6, $7, $8)', [
    chain,
    first === undefined ? 'sound' : 'tampered',
    finding,
    start?.size ?? 0,
    start?.peaks ?? [],
    start?.previous ?? Buffer.alloc(32),
    whole,
    `${3 * every} milliseconds`,
  ]);
}
