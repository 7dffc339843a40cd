import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { tenantOption } from './tenantOption.ts';

export const connectionList = defineCommand({
  name: ['connection', 'list'],
  summary: 'list a tenant’s connections for single sign-on',
  description:
    'Also says whether the tenant requires single sign-on, and how many break-glass owners it has.',
  options: { ...tenantOption, ...databaseOptions },
  examples: [
    {
      line: 'bulkhead connection list --tenant 7d0c8b8e-0f4c-4d55-9f0a-2f7a5c1d9e10',
      does: 'which are on, and their ids',
    },
  ],
  async run(values, terminal) {
    const [{ listConnections, readSignInPolicy }, { checkedId, inTenants }, { withDatabase }] =
      await Promise.all([
        import('@bulkhead/platform/identity/single-sign-on'),
        import('../identity/inTenant.ts'),
        import('../database/openDatabase.ts'),
      ]);
    const tenant = checkedId('--tenant', values.tenant);
    const { listed, policy } = await withDatabase(values, terminal, (config) =>
      inTenants(config, async (sessionOf) => ({
        listed: await listConnections(sessionOf(tenant)),
        policy: await readSignInPolicy(sessionOf(tenant)),
      })),
    );
    const connections = listed.map(({ id, protocol, name, enabled }) => ({ id, protocol, name, enabled }));
    const required = policy.singleSignOnRequired;
    const breakGlass = policy.breakGlassAccountIds.length;
    const lines = connections.map(
      ({ id, protocol, name, enabled }) => `${id}  ${protocol}  ${enabled ? 'on' : 'off'}  ${name}`,
    );
    terminal.answer({
      json: { tenant, required, breakGlass, connections },
      text: [
        ...(lines.length === 0 ? ['The tenant has no connection.'] : lines),
        required
          ? `Single sign-on is required; break-glass owners: ${breakGlass}.`
          : 'Single sign-on is not required.',
      ].join('\n'),
    });
    return exit.ok;
  },
});
