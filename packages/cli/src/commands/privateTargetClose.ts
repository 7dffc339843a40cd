import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { reasonOption } from './tenantOption.ts';

export const privateTargetClose = defineCommand({
  name: ['private-target', 'close'],
  summary: 'close a private address that was opened',
  description:
    'The next call no longer goes there. The reason stands in the audit logs of the tenant and of the service.',
  options: {
    target: { kind: 'text', placeholder: 'UUID', summary: 'what private-target list shows', required: true },
    ...reasonOption,
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead private-target close --target 9f31… --reason "the relay moved, ticket 131"',
      does: 'close it',
    },
  ],
  async run(values, terminal) {
    const [{ asOwner, withDatabase }, { closePrivateTarget }, { checkedId }, { checkReason }] =
      await Promise.all([
        import('../database/openDatabase.ts'),
        import('../outbound/privateTargets.ts'),
        import('../identity/inTenant.ts'),
        import('../identity/accountState.ts'),
      ]);
    const target = checkedId('--target', values.target);
    const { reason } = values;
    checkReason(reason);
    await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => closePrivateTarget(client, { target, reason })),
    );
    terminal.answer({ json: { target, closed: true }, text: 'It is closed.' });
    return exit.ok;
  },
});
