import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { tenantOption } from './tenantOption.ts';

const states = ['pending', 'delivered', 'dead', 'held'] as const;

export const webhookDeliveries = defineCommand({
  name: ['webhook', 'deliveries'],
  summary: 'list what was sent to a tenant’s endpoints',
  description: 'The newest first, 200 at most: without what they say. The log goes back 30 days.',
  options: {
    ...tenantOption,
    endpoint: { kind: 'text', placeholder: 'UUID', summary: 'one endpoint; without it, all' },
    state: { kind: 'text', placeholder: 'STATE', summary: 'only those in this state', choices: states },
    ...databaseOptions,
  },
  examples: [{ line: 'bulkhead webhook deliveries --tenant 7d0c… --state dead', does: 'what was given up' }],
  async run(values, terminal) {
    const [{ listDeliveries }, { checkedId, inTenants }, { withDatabase }, { deliveryLine }] =
      await Promise.all([
        import('@bulkhead/platform/webhooks/out'),
        import('../identity/inTenant.ts'),
        import('../database/openDatabase.ts'),
        import('../webhooks/lines.ts'),
      ]);
    const tenant = checkedId('--tenant', values.tenant);
    const endpointId = values.endpoint === undefined ? undefined : checkedId('--endpoint', values.endpoint);
    const state = states.find((one) => one === values.state);
    const query = { endpointId, states: state === undefined ? undefined : [state], limit: 200 };
    const { deliveries } = await withDatabase(values, terminal, (config) =>
      inTenants(config, (sessionOf) => listDeliveries(sessionOf(tenant), query)),
    );
    const lines = deliveries.map(deliveryLine);
    terminal.answer({
      json: { tenant, deliveries },
      text: lines.length === 0 ? 'There is no such delivery.' : lines.join('\n'),
    });
    return exit.ok;
  },
});
