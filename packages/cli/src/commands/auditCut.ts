import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure, errorCode, usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const auditCut = defineCommand({
  name: ['audit', 'cut'],
  summary: 'give up a tenant’s entries from before a day',
  description:
    'Retention: records the cut behind a signed checkpoint and writes an entry that tells of it. A running server removes ' +
    'the entries once that entry is sealed. Their hashes stay, so that the chain goes on verifying.',
  options: {
    tenant: { kind: 'text', placeholder: 'UUID', summary: 'the tenant', required: true },
    before: {
      kind: 'text',
      placeholder: 'DAY',
      summary: 'YYYY-MM-DD, UTC; that day itself stays',
      required: true,
    },
    reason: { kind: 'text', placeholder: 'TEXT', summary: 'why, 10 to 500 characters', required: true },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead audit cut --tenant 7d4f… --before 2019-01-01 --reason "seven years have passed"',
      does: 'give up what is older than 2019',
    },
  ],
  async run({ tenant, before, reason, ...values }, terminal) {
    const day = new Date(`${before}T00:00:00Z`);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(before) || Number.isNaN(day.getTime()))
      throw usageFailure('--before takes YYYY-MM-DD.');
    const [{ asWorker }, { cutChain }] = await Promise.all([
      import('../audit/asWorker.ts'),
      import('@bulkhead/platform/audit/ledger'),
    ]);
    try {
      const seq = await asWorker(values, terminal, (client) =>
        cutChain(client, { chain: tenant, before: day, reason }),
      );
      const text =
        seq === undefined ? 'There is nothing from before that day.' : `${seq} entries are given up.`;
      terminal.answer({ json: { tenant, given_up: seq ?? 0 }, text });
      return exit.ok;
    } catch (error) {
      if (errorCode(error) === '23514') throw usageFailure('--reason takes 10 to 500 characters.');
      if (errorCode(error) !== '22023') throw error;
      const hint = 'Wait for the next checkpoint, or name an earlier day.';
      throw new CommandFailure('cut_uncovered', 'No checkpoint covers those entries yet.', {
        hint,
        cause: error,
      });
    }
  },
});
