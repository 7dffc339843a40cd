import { eventIterator } from '@orpc/contract';
import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, limit, line, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Audit'];
const fields = z.record(z.string(), z.unknown());

export const auditEntry = z.object({
  /** Position, a decimal string: it may exceed what a JSON number holds exactly. */
  id: z.string(),
  occurredAt: z.string(),
  company: uuid.nullable(),
  actor: z.object({ kind: z.string(), id: z.string().nullable(), onBehalfOf: z.string().nullable() }),
  action: z.string(),
  target: z.object({ type: z.string(), id: z.string().nullable() }),
  requestId: z.string().nullable(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  before: fields.nullable(),
  after: fields.nullable(),
  /** Changed fields only: `{ field: { before, after } }`. */
  diff: z.record(z.string(), z.object({ before: z.unknown(), after: z.unknown() })).nullable(),
  detail: fields.nullable(),
  /** Fields whose values were erased: null in before, after and diff. */
  erased: z.array(z.string()),
  /** Sensitive fields, whose values no entry holds: null as well. */
  withheld: z.array(z.string()),
});

const filter = {
  from: instant.optional(),
  to: instant.optional(),
  action: line(100).optional(),
  targetType: line(100).optional(),
  target: uuid.optional(),
  actor: uuid.optional(),
  company: uuid.optional(),
  request: line(100).optional(),
  /** Anywhere in before, after and detail, whatever its case. */
  text: line(200).optional(),
};

const view = z.object({
  id: uuid,
  name: z.string(),
  /** As the console has it in the address of its page. */
  filter: z.record(z.string(), z.string()),
});

const views = {
  list: procedure({ permission: 'audit:entry.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/audit/views', summary: 'List your kept searches', tags })
    .input(nothing)
    .output(z.object({ views: z.array(view) })),
  save: procedure({ permission: 'audit:entry.read', rate: 'write', scope: 'tenant' })
    .route({ method: 'PUT', path: '/audit/views', summary: 'Keep a search under a name', tags })
    .input(
      z.strictObject({
        name: line(60),
        filter: z
          .record(z.string().regex(/^[a-zA-Z]{1,30}$/), z.string().max(300))
          .refine((value) => Object.keys(value).length <= 12, 'must have at most 12 fields'),
      }),
    )
    .output(view)
    .errors(platformErrorMap('view_limit')),
  remove: procedure({ permission: 'audit:entry.read', rate: 'write', scope: 'tenant' })
    .route({ method: 'DELETE', path: '/audit/views/{id}', summary: 'Remove a kept search', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('view_missing')),
};

export const auditContract = {
  list: procedure({ permission: 'audit:entry.read', rate: 'read' })
    .route({ method: 'GET', path: '/audit/entries', summary: 'List audit entries, newest first', tags })
    .input(
      z.strictObject({
        limit,
        /** The `next` of the previous page. */
        cursor: z.string().max(500).optional(),
        ...filter,
      }),
    )
    .output(
      z.object({
        entries: z.array(auditEntry),
        next: z.string().nullable(),
        /** Set where a page ended before it was full: everything since was looked at, and `next` looks further back. */
        searchedTo: z.string().nullable(),
      }),
    )
    .errors(platformErrorMap('cursor_invalid', 'input_invalid')),
  tail: procedure({ permission: 'audit:entry.read', rate: 'read' })
    .route({
      method: 'GET',
      path: '/audit/tail',
      summary: 'Follow new audit entries',
      description:
        'Server-sent events. The first tells where it begins. The stream ends after `seconds`; begin it again with the last ' +
        'event’s id in `Last-Event-ID` (or `after`) and nothing is missed or told twice.',
      tags,
    })
    .input(
      z.strictObject({
        /** How long it stays, 1 to 30: whoever lost the right to read is asked anew after that. */
        seconds: z.coerce.number().int().min(1).max(30),
        /** Id of the last event, where the header cannot be set. */
        after: z.string().max(12_000).optional(),
        ...filter,
      }),
    )
    .output(
      eventIterator(
        z.object({
          entries: z.array(auditEntry),
          /** More came at once than is told: load the list anew. */
          skipped: z.boolean(),
          /** The event's id. */
          cursor: z.string(),
        }),
      ),
    )
    .errors(platformErrorMap('cursor_invalid', 'stream_limit')),
  export: procedure({ permission: 'audit:entry.export', rate: 'heavy', stepUp: true })
    .route({
      method: 'POST',
      path: '/audit/export',
      summary: 'Download audit entries, oldest first',
      description:
        'CSV for spreadsheets, or JSON Lines with the exact bytes that are hashed. Streamed; disconnecting ends it. Only under /api.',
      tags,
      outputStructure: 'detailed',
    })
    .input(z.strictObject({ format: z.enum(['csv', 'jsonl']), ...filter }))
    .output(
      z.object({
        headers: z.record(z.string(), z.string()),
        body: z
          .custom<ReadableStream<Uint8Array>>((value) => value instanceof ReadableStream)
          .meta({ type: 'string', format: 'binary' }),
      }),
    ),
  views,
};
