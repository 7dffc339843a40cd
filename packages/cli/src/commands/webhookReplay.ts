import { defineCommand, exit } from '../command-line/command.ts';
import { usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';
import { tenantOption } from './tenantOption.ts';

export const webhookReplay = defineCommand({
  name: ['webhook', 'replay'],
  summary: 'send an endpoint again what it missed',
  description:
    'One delivery, or all that were given up or held, of a time if one is named; 10,000 at most. Each keeps its ' +
    'webhook-id, so that a receiver that has it already knows. A running server sends them.',
  options: {
    ...tenantOption,
    endpoint: {
      kind: 'text',
      placeholder: 'UUID',
      summary: 'the endpoint; webhook list shows them',
      required: true,
    },
    delivery: { kind: 'text', placeholder: 'UUID', summary: 'one delivery, whatever became of it' },
    since: { kind: 'text', placeholder: 'TIME', summary: 'queued from then on, e.g. 2030-01-15T10:00:00Z' },
    until: { kind: 'text', placeholder: 'TIME', summary: 'queued before then' },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead webhook replay --tenant 7d0c… --endpoint 41aa… --since 2030-01-15T10:00:00Z',
      does: 'what failed since ten o’clock',
    },
  ],
  async run(values, terminal) {
    const [{ replay }, { checkedId, inTenants }, { withDatabase }] = await Promise.all([
      import('@bulkhead/platform/webhooks/out'),
      import('../identity/inTenant.ts'),
      import('../database/openDatabase.ts'),
    ]);
    const tenant = checkedId('--tenant', values.tenant);
    const wanted = {
      endpointId: checkedId('--endpoint', values.endpoint),
      deliveryId: values.delivery === undefined ? undefined : checkedId('--delivery', values.delivery),
      since: time('--since', values.since),
      until: time('--until', values.until),
    };
    const queued = await withDatabase(values, terminal, (config) =>
      inTenants(config, (sessionOf) => replay({ session: sessionOf(tenant), clock: Date.now }, wanted)),
    );
    terminal.answer({
      json: { tenant, queued },
      text: `${queued} ${queued === 1 ? 'delivery is' : 'deliveries are'} on the way again.`,
    });
    return exit.ok;
  },
});

function time(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(date.getTime())) {
    throw usageFailure(`${option} takes a time such as 2030-01-15T10:00:00Z.`);
  }
  return date;
}
