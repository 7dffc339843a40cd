import { auditOptions } from '../audit/options.ts';
import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';

export const auditCheckpoint = defineCommand({
  name: ['audit', 'checkpoint'],
  summary: 'print the latest signed checkpoint of a chain',
  description:
    'A checkpoint is a signed note (c2sp.org/tlog-checkpoint): origin, number of entries, root of their Merkle tree. ' +
    'Whoever keeps it can later show that the log was cut or rewritten.',
  options: {
    tenant: { kind: 'text', placeholder: 'UUID', summary: 'the tenant (default: the service’s own chain)' },
    ...auditOptions,
  },
  examples: [
    { line: 'bulkhead audit checkpoint --tenant 7d4f… > 2026-11.note', does: 'keep this month’s checkpoint' },
  ],
  async run(values, terminal) {
    const [{ asAuditor }, { serviceChain }] = await Promise.all([
      import('../audit/asAuditor.ts'),
      import('@bulkhead/platform/audit/ledger'),
    ]);
    const chain = values.tenant ?? serviceChain;
    const { rows } = await asAuditor(values, terminal, ({ client }) =>
      client.query<{ note: string; size: string }>(
        'select note, size from bulkhead.audit_checkpoint where tenant_id = $1 order by size desc limit 1',
        [chain],
      ),
    );
    const [row] = rows;
    if (row === undefined) {
      throw new CommandFailure('checkpoint_missing', `No checkpoint of ${chain} was signed yet.`, {
        hint: 'A server with audit.key signs one every few seconds while there is something new.',
      });
    }
    terminal.answer({ json: { chain, size: Number(row.size), note: row.note }, text: row.note.trimEnd() });
    return exit.ok;
  },
});
