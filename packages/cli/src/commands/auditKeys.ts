import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const auditKeys = defineCommand({
  name: ['audit', 'keys'],
  summary: 'print the public keys of the audit log',
  description:
    'One verifier key a line, newest first, as the server publishes them at /.well-known/bulkhead-audit-keys. Hand them ' +
    'to auditors and witnesses by another way than the server itself.',
  options: databaseOptions,
  examples: [{ line: 'bulkhead audit keys', does: 'print the data folder’s key' }],
  async run(values, terminal) {
    const [{ withDatabase }, { auditIdentity, formatKeys }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('@bulkhead/platform/audit/ledger'),
    ]);
    const { key, name, previousKeys } = await withDatabase(values, terminal, async ({ audit }) => audit);
    if (key === undefined) {
      throw new CommandFailure('audit_key_missing', 'This installation has no key for its audit log.', {
        hint: 'Make one: openssl rand -hex 32, in a file that BULKHEAD_AUDIT_KEY_FILE names.',
      });
    }
    const keys = formatKeys(
      auditIdentity({ seed: key, previous: previousKeys, ...(name !== undefined && { name }) }),
    );
    terminal.answer({ json: { keys }, text: keys.join('\n') });
    return exit.ok;
  },
});
