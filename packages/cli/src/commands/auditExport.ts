import { auditOptions } from '../audit/options.ts';
import { defineCommand } from '../command-line/command.ts';

export const auditExport = defineCommand({
  name: ['audit', 'export'],
  summary: 'write a tenant’s audit log to a file',
  description:
    'chain: the whole chain with its checkpoints, for bulkhead audit verify --file, offline too. jsonl: the entries that the ' +
    'filters find, each with the exact bytes that are hashed. csv: the same for a spreadsheet. Read page by page, however ' +
    'many there are; jsonl and csv write an entry that tells of the export.',
  options: {
    tenant: { kind: 'text', placeholder: 'UUID', summary: 'the tenant', required: true },
    output: { kind: 'text', placeholder: 'FILE', summary: 'the file, which must not exist', required: true },
    format: { kind: 'text', placeholder: 'FORMAT', summary: 'chain, jsonl or csv', default: 'chain' },
    from: { kind: 'text', placeholder: 'DAY', summary: 'YYYY-MM-DD, UTC, that day included (jsonl, csv)' },
    to: { kind: 'text', placeholder: 'DAY', summary: 'YYYY-MM-DD, UTC, that day not included (jsonl, csv)' },
    type: {
      kind: 'text',
      placeholder: 'TABLE',
      summary: 'entries about this, e.g. books.invoice (jsonl, csv)',
    },
    actor: { kind: 'text', placeholder: 'UUID', summary: 'entries of this actor (jsonl, csv)' },
    ...auditOptions,
  },
  examples: [
    {
      line: 'bulkhead audit export --tenant 7d4f… --output log.jsonl',
      does: 'write what an auditor verifies',
    },
    {
      line: 'bulkhead audit export --tenant 7d4f… --format csv --type books.invoice --from 2026-01-01 --output invoices.csv',
      does: 'write every change of an invoice since New Year',
    },
  ],
  async run(values, terminal) {
    const { exportAudit } = await import('../audit/exportAudit.ts');
    return exportAudit(values, terminal);
  },
});
