import { EventEmitter, once } from 'node:events';
import { eventIterator } from '@orpc/contract';
import { ORPCError } from '@orpc/server';
import * as z from 'zod';
import { line, nothing, procedure, uuid } from '../../src/contract/index.ts';
import { defineModule, implementContract } from '../../src/module.ts';
import type { Module } from '../../src/module.ts';

const tags = ['Widgets'];
const widget = z.object({ id: uuid, name: z.string(), size: z.int() });
const reads = { permission: 'widgets:widget.read', rate: 'read' } as const;
const writes = { permission: 'widgets:widget.create', rate: 'write' } as const;

const contract = {
  list: procedure(reads)
    .route({ method: 'GET', path: '/widgets', summary: 'List widgets', tags })
    .input(nothing)
    .output(z.object({ widgets: z.array(widget) })),
  create: procedure(writes)
    .route({ method: 'POST', path: '/widgets', summary: 'Create a widget', tags, successStatus: 201 })
    .input(z.strictObject({ name: line(50), size: z.int(), tenantId: uuid.optional() }))
    .output(widget),
  read: procedure(reads)
    .route({ method: 'GET', path: '/widgets/{id}', summary: 'Read a widget', tags })
    .input(z.strictObject({ id: uuid }))
    .output(widget),
  load: procedure({ ...writes, bodyLimit: 4 * 1024 * 1024 })
    .route({ method: 'POST', path: '/widgets/load', summary: 'Take a large body', tags })
    .input(z.strictObject({ text: z.string().max(3 * 1024 * 1024) }))
    .output(z.object({ length: z.int() })),
  slow: procedure(reads)
    .route({ method: 'GET', path: '/slow', summary: 'Answer when the test says so', tags })
    .input(nothing)
    .output(z.object({ answered: z.boolean() })),
  fail: procedure(reads)
    .route({ method: 'GET', path: '/fail', summary: 'Fail inside', tags })
    .input(z.strictObject({ how: z.enum(['throw', 'stray', 'output', 'query']) }))
    .output(z.object({ ok: z.literal(true) })),
  export: procedure(reads)
    .route({ method: 'GET', path: '/widgets.html', summary: 'Download a page', tags })
    .input(nothing)
    .output(z.file()),
  watch: procedure(reads)
    .route({ method: 'GET', path: '/watch', summary: 'Stream, then fail', tags })
    .input(nothing)
    .output(eventIterator(z.object({ step: z.int() }))),
};

/** Text that must reach the log alone. */
export const innerDetail = 'the inner detail of a fault';

const implemented = implementContract(contract);
const columns = 'id, name, size';
type Widget = z.output<typeof widget>;

const rows = {
  list: implemented.list.handler(async ({ context: { session } }) => {
    const found = await session.query<Widget>(`select ${columns} from widgets.widget order by name`);
    return { widgets: found.rows };
  }),
  create: implemented.create.handler(async ({ input, context: { session } }) => {
    const made = await session.query<Widget>(
      `insert into widgets.widget (name, size) values ($1, $2) returning ${columns}`,
      [input.name, input.size],
    );
    return first(made.rows);
  }),
  read: implemented.read.handler(async ({ input, context: { session } }) => {
    const found = await session.query<Widget>(`select ${columns} from widgets.widget where id = $1`, [
      input.id,
    ]);
    return first(found.rows);
  }),
  load: implemented.load.handler(({ input }) => ({ length: input.text.length })),
};

const faults = {
  fail: implemented.fail.handler(async ({ input, context: { session } }) => {
    if (input.how === 'throw') throw new Error(innerDetail);
    if (input.how === 'stray') throw new ORPCError('TEAPOT', { status: 502, message: innerDetail });
    if (input.how === 'query') await session.query('select innerDetail from nowhere');
    return { ok: false } as never;
  }),
  export: implemented.export.handler(
    () => new File(['<script>alert(1)</script>'], 'widgets.html', { type: 'text/html' }),
  ),
  watch: implemented.watch.handler(async function* () {
    yield { step: 1 };
    throw new Error(innerDetail);
  }),
};

/** A module with one table and procedures that misbehave on request. */
export function widgetsModule(): { module: Module; events: EventEmitter } {
  const events = new EventEmitter();
  const slow = implemented.slow.handler(async () => {
    const released = once(events, 'release');
    events.emit('started');
    await released;
    return { answered: true };
  });
  const module = defineModule({
    name: 'widgets',
    migrations: new URL('sql/', import.meta.url),
    contract,
    router: implemented.router({ ...rows, ...faults, slow }),
    ...declarations,
  });
  return { module, events };
}

const declarations = {
  permissions: {
    'widgets:widget.read': 'See widgets',
    'widgets:widget.create': 'Create widgets',
  },
  roles: {
    'widgets:maker': {
      description: 'Makes widgets',
      permissions: ['widgets:widget.read', 'widgets:widget.create'],
    },
    'widgets:viewer': { description: 'Sees widgets', permissions: ['widgets:widget.read'] },
  },
  errors: {
    widget_size_positive: {
      status: 422,
      code: 'size_not_positive',
      message: 'A widget has a size above zero.',
    },
  },
};

function first<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new ORPCError('not_found', { status: 404 });
  return row;
}
