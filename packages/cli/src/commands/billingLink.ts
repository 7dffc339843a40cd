import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const billingLink = defineCommand({
  name: ['billing', 'link'],
  summary: 'say which customer of Stripe’s a tenant is',
  description:
    'For what was sold by hand. A tenant that buys in the console is linked by that. A customer pays for one tenant; the next comparison with Stripe, within a minute, sets the tier.',
  options: {
    tenant: { kind: 'text', placeholder: 'ID', summary: 'the tenant', required: true },
    customer: { kind: 'text', placeholder: 'CUSTOMER', summary: 'Stripe’s id, cus_…', required: true },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead billing link --tenant 0b54c3c8-8f0a-4c8e-9d6f-3f1f6a1f7a11 --customer cus_QdXyz',
      does: 'let that customer’s subscription set the tenant’s tier',
    },
  ],
  async run(values, terminal) {
    const [{ asOwner, withDatabase }, { linkCustomer }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../inbound/received.ts'),
    ]);
    const { tenant, customer } = values;
    await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => linkCustomer(client, { tenant, customer, at: new Date() })),
    );
    terminal.answer({ json: { tenant, customer }, text: `${customer} is tenant ${tenant}.` });
    return exit.ok;
  },
});
