import { checkChains } from '@bulkhead/platform/audit/ledger';
import type { Anchor, AuditIdentity, NoteSource } from '@bulkhead/platform/audit/ledger';
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

/** What an anchor holds for a chain: its newest note shows whether anything before it was rewritten. */
function newestOf({ name, latest }: Anchor): NoteSource {
  return {
    async *chains() {
      // Those that the database has forgotten are found by whoever reads the anchor whole.
    },
    async *notesOf(origin) {
      const note = await latest?.(origin);
      if (note !== undefined) yield { note, source: `anchor ${name}` };
    },
  };
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
        anchors: anchors.map(newestOf),
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
