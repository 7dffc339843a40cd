import { checkChains, notesInHand, originOf } from '@bulkhead/platform/audit/ledger';
import type { Anchor, AuditIdentity, KeptNote, NoteSource } from '@bulkhead/platform/audit/ledger';
import pg from 'pg';
import type { Pool } from 'pg';
import { connectionOf } from '../boot/connections.ts';
import type { Config } from '../config/schema.ts';
import type { Duty } from '../duties/duty.ts';
import type { Log } from '../http/log.ts';
import type { Secrets } from '../secrets/secrets.ts';

const day = 24 * 3_600_000;

export type CheckingParts = {
  config: Pick<Config, 'audit' | 'database'>;
  worker: Pool;
  log: Pick<Log, 'error'>;
  clock: () => number;
  secrets?: Pick<Secrets, 'latest'> | undefined;
};

/** The newest note of each chain at each anchor, which shows whether anything before it was rewritten. */
async function newestNotes(
  worker: Pool,
  { identity, anchors }: { identity: AuditIdentity; anchors: readonly Anchor[] },
): Promise<NoteSource[]> {
  const { rows } = await worker.query<{ chain: string }>(
    'select tenant_id as chain from bulkhead.audit_chain',
  );
  const notes: KeptNote[] = [];
  for (const { name, latest } of anchors) {
    for (const { chain } of rows) {
      const note = await latest?.(originOf(identity, chain));
      if (note !== undefined) notes.push({ note, source: `anchor ${name}` });
    }
  }
  return [notesInHand(notes)];
}

/**
 * Checks the chains as an auditor would and records when and with what result, for the console. It shows what went wrong here; whoever
 * controls this server controls this check too. Nothing without the auditor's password.
 */
export function checkingDuty(
  { config, worker, log, clock, secrets }: CheckingParts,
  { identity, anchors }: { identity: AuditIdentity; anchors: readonly Anchor[] },
): Duty[] {
  const { database, audit } = config;
  if (database.auditorPassword === undefined) return [];
  const openAuditor = async (): Promise<pg.Client> => {
    const password = (await secrets?.latest('database.auditorPassword')) ?? database.auditorPassword;
    const client = new pg.Client({ ...connectionOf(database, 'auditor'), password });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const run = async (): Promise<void> => {
    let client: pg.Client | undefined;
    try {
      const tampered = await checkChains({
        openAuditor: async () => (client = await openAuditor()),
        worker,
        name: identity.name,
        verifiers: identity.keys,
        openAnchors: () => newestNotes(worker, { identity, anchors }),
        clock,
        every: audit.verifyEvery,
        wholeEvery: day,
      });
      for (const { chain, findings } of tampered ?? []) {
        const [first] = findings;
        log.error({
          event: 'audit_tampered',
          chain,
          kind: first?.kind,
          seq: first?.seq,
          findings: findings.length,
        });
      }
    } finally {
      await client?.end();
    }
  };
  return [{ name: 'audit.check', every: audit.verifyEvery, run }];
}
