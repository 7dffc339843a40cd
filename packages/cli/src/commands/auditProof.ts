import { auditOptions } from '../audit/options.ts';
import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';

export const auditProof = defineCommand({
  name: ['audit', 'proof'],
  summary: 'prove that one entry stands in the audit log',
  description:
    'Prints the entry’s exact bytes, its place, the hashes beside its path to the root (RFC 6962) and the signed ' +
    'checkpoint, as one JSON object. docs/verify-audit.mjs checks it with nothing but the public key.',
  options: {
    entry: { kind: 'text', placeholder: 'ID', summary: 'the entry', required: true },
    tenant: { kind: 'text', placeholder: 'UUID', summary: 'its tenant (default: the service’s own chain)' },
    ...auditOptions,
  },
  examples: [
    { line: 'bulkhead audit proof --tenant 7d4f… --entry 4711 > proof.json', does: 'prove entry 4711' },
  ],
  async run(values, terminal) {
    const [{ asAuditor }, { proveEntry, serviceChain }] = await Promise.all([
      import('../audit/asAuditor.ts'),
      import('@bulkhead/platform/audit/ledger'),
    ]);
    const chain = values.tenant ?? serviceChain;
    const proof = await asAuditor(values, terminal, ({ client }) =>
      proveEntry(client, { chain, id: values.entry }),
    );
    if (proof === undefined) {
      throw new CommandFailure(
        'entry_unproven',
        `There is no entry ${values.entry} of ${chain} under a checkpoint.`,
        {
          hint: 'A new entry is signed within some seconds. Is it another tenant’s?',
        },
      );
    }
    terminal.answer({ json: proof, text: JSON.stringify(proof, undefined, 2) });
    return exit.ok;
  },
});
