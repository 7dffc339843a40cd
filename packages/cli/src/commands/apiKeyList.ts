import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { tenantOption } from './tenantOption.ts';

export const apiKeyList = defineCommand({
  name: ['api-key', 'list'],
  summary: 'list a tenant’s API keys',
  description:
    'Those that were not revoked, newest first. A key itself is stored nowhere and cannot be shown.',
  options: { ...tenantOption, ...databaseOptions },
  examples: [
    {
      line: 'bulkhead api-key list --tenant 7d0c8b8e-0f4c-4d55-9f0a-2f7a5c1d9e10',
      does: 'what they are called, and when each was last used',
    },
  ],
  async run(values, terminal) {
    const [{ listApiKeys }, { checkedId, inTenants }, { withDatabase }] = await Promise.all([
      import('@bulkhead/platform/access'),
      import('../identity/inTenant.ts'),
      import('../database/openDatabase.ts'),
    ]);
    const tenant = checkedId('--tenant', values.tenant);
    const apiKeys = await withDatabase(values, terminal, (config) =>
      inTenants(config, (sessionOf) => listApiKeys(sessionOf(tenant))),
    );
    const lines = apiKeys.map(({ id, hint, name, kind, expiresAt, lastUsedAt }) => {
      const used = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt.toISOString()}`;
      return `${id}  ${hint}…  ${kind}  ${name}  until ${expiresAt.toISOString()}, ${used}`;
    });
    terminal.answer({
      json: { tenant, apiKeys },
      text: lines.length === 0 ? 'The tenant has no API key.' : lines.join('\n'),
    });
    return exit.ok;
  },
});
