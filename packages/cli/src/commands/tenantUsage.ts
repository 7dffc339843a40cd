import type { Tier, UsagePoint } from '@bulkhead/platform/tenants';
import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { tenantOption } from './tenantOption.ts';

type Taken = Readonly<Record<keyof Tier['quotas'], number>>;
export type TenantUsage = { tier: Tier | null; taken: Taken; since: Date; days: UsagePoint[] };

const day = 24 * 60 * 60 * 1000;

/** Usage as lines for a person. */
export function describeUsage({ tier, taken, days }: TenantUsage): string {
  const caps = Object.entries(tier?.caps ?? {}).map(
    ([name, { cap, burst }]) => `${name}: ${cap} a minute, ${burst} an hour beyond it`,
  );
  const quotas = Object.entries(taken).map(
    ([name, count]) => `${name}: ${count} of ${tier?.quotas[name as keyof Taken] ?? 'any number'}`,
  );
  const lines = days.map(
    ({ at, rateClass, answered, refused }) =>
      `${at.toISOString().slice(0, 10)}  ${rateClass}  answered ${answered}, refused ${refused}`,
  );
  return [
    `Tier: ${tier?.name ?? 'none'}`,
    ...caps,
    ...quotas,
    ...(lines.length === 0 ? ['No request in that time.'] : lines),
  ].join('\n');
}

export const tenantUsage = defineCommand({
  name: ['tenant', 'usage'],
  summary: 'show what a tenant uses, and what its tier allows',
  description:
    'The tier with its caps and quotas, and the requests answered and refused for coming too often, by day (UTC) and ' +
    'class. Servers write their counts every five seconds; figures are kept for 35 days.',
  options: {
    ...tenantOption,
    days: { kind: 'number', placeholder: 'N', summary: 'how many days', range: [1, 35], default: 7 },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead tenant usage --tenant 5c0f7e9e-3f1e-4f6b-9a51-0c9d4d6f2a10 --days 30',
      does: 'the last month of a tenant',
    },
  ],
  async run({ tenant, days, ...values }, terminal) {
    const [{ checkedId, inTenants }, { withDatabase }, { readQuotasTaken, readTier, readUsage }] =
      await Promise.all([
        import('../identity/inTenant.ts'),
        import('../database/openDatabase.ts'),
        import('@bulkhead/platform/tenants'),
      ]);
    const id = checkedId('--tenant', tenant);
    const today = Date.now() - (Date.now() % day);
    const since = new Date(today - (days - 1) * day);
    const usage = await withDatabase(values, terminal, (config) =>
      inTenants(config, async (sessionOf): Promise<TenantUsage> => {
        const session = sessionOf(id);
        const tier = (await readTier(session)) ?? null;
        const taken = await readQuotasTaken(session);
        return { tier, taken, since, days: await readUsage(session, { since, step: 'day' }) };
      }),
    );
    terminal.answer({ json: usage, text: describeUsage(usage) });
    return exit.ok;
  },
});
