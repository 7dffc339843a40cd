import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { reasonOption, tenantOption } from './tenantOption.ts';

export const privateTargetOpen = defineCommand({
  name: ['private-target', 'open'],
  summary: 'let a tenant’s webhooks reach a private address',
  description:
    'What tenants write into their settings never leads into the network the service runs in. Where a receiver is there, ' +
    'this opens it, for one tenant and the ports named. Metadata services, link-local and multicast addresses stay ' +
    'closed. Written as bulkhead_owner, with the reason, into the audit logs of the tenant and of the service.',
  options: {
    ...tenantOption,
    range: { kind: 'text', placeholder: 'CIDR', summary: 'at most /16, or /64 of IPv6', required: true },
    port: { kind: 'list', placeholder: 'PORT', summary: 'a port there; may be repeated' },
    ...reasonOption,
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead private-target open --tenant 7d0c… --range 10.2.0.0/24 --port 8443 --reason "their relay, ticket 88"',
      does: 'open one port of a small network',
    },
  ],
  async run(values, terminal) {
    const [{ asOwner, withDatabase }, { openPrivateTarget }, { checkedId }, { checkReason }] =
      await Promise.all([
        import('../database/openDatabase.ts'),
        import('../outbound/privateTargets.ts'),
        import('../identity/inTenant.ts'),
        import('../identity/accountState.ts'),
      ]);
    const { range, reason } = values;
    const request = {
      tenant: checkedId('--tenant', values.tenant),
      range,
      reason,
      ports: values.port.map(Number),
    };
    checkReason(reason);
    const target = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => openPrivateTarget(client, request)),
    );
    terminal.answer({
      json: { target, ...request },
      text: `${range} is open on port ${values.port.join(', ')} for this tenant (${target}).`,
    });
    return exit.ok;
  },
});
