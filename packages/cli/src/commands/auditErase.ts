import { randomUUID } from 'node:crypto';
import { defineCommand, exit } from '../command-line/command.ts';
import { errorCode, usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const auditErase = defineCommand({
  name: ['audit', 'erase'],
  summary: 'erase what a tenant’s audit log holds about a person',
  description:
    'Removes the values beside the entries. The entries stay with commitments in their place, and the log goes on verifying. ' +
    'Anonymise the person’s records first: the change itself writes an entry. Keep what bulkhead audit erasures prints ' +
    'outside the database, and replay it into one that is restored from a backup.',
  options: {
    tenant: { kind: 'text', placeholder: 'UUID', summary: 'the tenant', required: true },
    subject: {
      kind: 'text',
      placeholder: 'UUID',
      summary: 'the person: the id of their record, e.g. a customer’s',
      required: true,
    },
    reason: {
      kind: 'text',
      placeholder: 'TEXT',
      summary: 'why, 10 to 500 characters, never who it is',
      required: true,
    },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead audit erase --tenant 7d4f… --subject 1b9c… --reason "erasure request 4711"',
      does: 'erase a customer’s name and address from every entry',
    },
  ],
  async run({ tenant, subject, reason, ...values }, terminal) {
    const [{ asWorker }, { eraseSubject }] = await Promise.all([
      import('../audit/asWorker.ts'),
      import('@bulkhead/platform/audit'),
    ]);
    const erasure = { id: randomUUID(), tenantId: tenant, subjectId: subject, reason };
    try {
      const { erased } = await asWorker(values, terminal, (client) => eraseSubject(client, erasure));
      const text = `${erased} ${erased === 1 ? 'entry has' : 'entries have'} no values about that person any more.`;
      terminal.answer({ json: { erasure: erasure.id, tenant, subject, erased }, text });
      return exit.ok;
    } catch (error) {
      if (errorCode(error) === '23514') throw usageFailure('--reason takes 10 to 500 characters.');
      if (errorCode(error) === '22P02') throw usageFailure('--tenant and --subject take UUIDs.');
      throw error;
    }
  },
});
