import { auditOptions, verifyExits } from '../audit/options.ts';
import { defineCommand } from '../command-line/command.ts';

export const auditVerify = defineCommand({
  name: ['audit', 'verify'],
  summary: 'check that nobody changed the audit log',
  description:
    'Hashes every entry, follows every chain, and compares it with the checkpoints in the database and in the anchors. ' +
    'Names the first bad entry and what was done. Without an anchor, what was removed together with its checkpoints is ' +
    'not seen. An export is checked with --file, also offline; docs/verify-audit.mjs does the same without Bulkhead.',
  argument: 'file',
  options: {
    file: { kind: 'text', placeholder: 'FILE', summary: 'an export to check instead of the database' },
    anchor: {
      kind: 'list',
      placeholder: 'PATH',
      summary: 'a folder of checkpoints, one .note file, or s3://bucket/prefix, kept outside',
    },
    tenant: { kind: 'text', placeholder: 'UUID', summary: 'one tenant’s chain only' },
    resume: {
      kind: 'text',
      placeholder: 'FILE',
      summary: 'keep there how far it was sound, and go on from there the next time',
    },
    ...auditOptions,
  },
  examples: [
    {
      line: 'bulkhead audit verify --anchor .bulkhead/anchors',
      does: 'check every chain against the anchors',
    },
    {
      line: 'bulkhead audit verify export.jsonl --key "books.example.com/audit+1b9c…" --anchor /mnt/anchors',
      does: 'check an export',
    },
  ],
  exits: verifyExits,
  async run(values, terminal) {
    const { verify } = await import('../audit/verify.ts');
    return verify(values, terminal);
  },
});
