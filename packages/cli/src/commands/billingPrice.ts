import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const billingPrice = defineCommand({
  name: ['billing', 'price'],
  summary: 'say which tier a price of Stripe’s buys',
  description:
    'A tier can be bought once it has a price. Subscriptions to a price that is not named give no tier.',
  options: {
    price: { kind: 'text', placeholder: 'PRICE', summary: 'Stripe’s id, price_…', required: true },
    tier: { kind: 'text', placeholder: 'TIER', summary: 'what it buys', required: true },
    ...databaseOptions,
  },
  examples: [
    { line: 'bulkhead billing price --price price_1PqTz --tier business', does: 'sell the tier business' },
  ],
  async run(values, terminal) {
    const [{ asOwner, withDatabase }, { setPrice }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../inbound/received.ts'),
    ]);
    const { price, tier } = values;
    await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => setPrice(client, { price, tier })),
    );
    terminal.answer({ json: { price, tier }, text: `${price} buys ${tier}.` });
    return exit.ok;
  },
});
