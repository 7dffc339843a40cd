import { nothing, procedure } from '@bulkhead/server/contract';
import { defineModule, implementContract, type Module } from '@bulkhead/server/module';
import * as z from 'zod';

/** What both servers answer: the newest twenty. */
export const path = '/api/bench/items';
export const newest = 'select id, name, amount, created_at from bench.item';
export const order = 'order by created_at desc limit 20';

export type Item = { id: string; name: string; amount: string; created_at: Date };
const item = z.object({ id: z.string(), name: z.string(), amount: z.string(), created_at: z.date() });

const contract = {
  list: procedure({ permission: 'bench:item.read', rate: 'read' })
    .route({ method: 'GET', path: '/items', summary: 'List items', tags: ['Bench'] })
    .input(nothing)
    .output(z.object({ items: z.array(item) })),
};

const implemented = implementContract(contract);

/** One list procedure over `bench.item`. */
export const itemsModule: Module = defineModule({
  name: 'bench',
  migrations: new URL('items/', import.meta.url),
  contract,
  router: implemented.router({
    list: implemented.list.handler(async ({ context: { session } }) => {
      const { rows } = await session.query<Item>(`${newest} ${order}`);
      return { items: rows };
    }),
  }),
  permissions: { 'bench:item.read': 'See items' },
  roles: {},
});
