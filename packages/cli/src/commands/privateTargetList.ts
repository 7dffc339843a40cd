import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const privateTargetList = defineCommand({
  name: ['private-target', 'list'],
  summary: 'list the private addresses that are open',
  description: 'For one tenant or for all, with who opened them and why.',
  options: {
    tenant: { kind: 'text', placeholder: 'UUID', summary: 'one tenant; without it, all' },
    ...databaseOptions,
  },
  examples: [{ line: 'bulkhead private-target list --json', does: 'for a review' }],
  async run(values, terminal) {
    const [{ asOwner, withDatabase }, { listPrivateTargets }, { checkedId }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../outbound/privateTargets.ts'),
      import('../identity/inTenant.ts'),
    ]);
    const tenant = values.tenant === undefined ? undefined : checkedId('--tenant', values.tenant);
    const targets = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => listPrivateTargets(client, tenant)),
    );
    const lines = targets.map(
      ({ id, tenantId, range, ports, reason, openedAt, openedBy }) =>
        `${id}  tenant ${tenantId}  ${range} port ${ports.join(', ')}  since ${openedAt.toISOString()} by ${openedBy}: ${reason}`,
    );
    terminal.answer({
      json: { targets },
      text: lines.length === 0 ? 'No private address is open.' : lines.join('\n'),
    });
    return exit.ok;
  },
});
