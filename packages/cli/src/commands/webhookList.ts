import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { tenantOption } from './tenantOption.ts';

export const webhookList = defineCommand({
  name: ['webhook', 'list'],
  summary: 'list the endpoints a tenant’s events are sent to',
  description: 'With what each listens to, whether it takes what it is sent, and how much waits.',
  options: { ...tenantOption, ...databaseOptions },
  examples: [
    { line: 'bulkhead webhook list --tenant 7d0c8b8e-0f4c-4d55-9f0a-2f7a5c1d9e10', does: 'how they fare' },
  ],
  async run(values, terminal) {
    const [{ listEndpoints }, { checkedId, inTenants }, { withDatabase }, { endpointLine }] =
      await Promise.all([
        import('@bulkhead/platform/webhooks/out'),
        import('../identity/inTenant.ts'),
        import('../database/openDatabase.ts'),
        import('../webhooks/lines.ts'),
      ]);
    const tenant = checkedId('--tenant', values.tenant);
    const endpoints = await withDatabase(values, terminal, (config) =>
      inTenants(config, (sessionOf) => listEndpoints(sessionOf(tenant))),
    );
    const lines = endpoints.map(endpointLine);
    terminal.answer({
      json: { tenant, endpoints },
      text: lines.length === 0 ? 'The tenant has no endpoint.' : lines.join('\n'),
    });
    return exit.ok;
  },
});
