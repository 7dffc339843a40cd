import * as z from 'zod';
import { instant, limit, line, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

/** A JSON value as stored. */
const json = z.json().nullable();

export const auditEntry = z.object({
  /** Position, a decimal string: it may exceed what a JSON number holds exactly. */
  id: z.string(),
  occurredAt: instant,
  company: uuid.nullable(),
  actor: z.object({ kind: z.string(), id: z.string(), onBehalfOf: uuid.nullable() }),
  action: z.string(),
  target: z.object({ type: z.string(), id: uuid.nullable() }),
  requestId: z.string().nullable(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  before: json,
  after: json,
  /** Changed fields only: `{ field: { before, after } }`. */
  diff: json,
  detail: json,
});

export const auditContract = {
  list: procedure({ permission: 'audit:entry.read', rate: 'read' })
    .route({
      method: 'GET',
      path: '/audit/entries',
      summary: 'List audit entries, newest first',
      tags: ['Audit'],
    })
    .input(
      z.strictObject({
        limit,
        /** The `next` of the previous page. */
        before: z
          .string()
          .regex(/^[0-9]{1,19}$/, 'must be the `next` of a previous page')
          .optional(),
        from: instant.optional(),
        to: instant.optional(),
        action: line(100).optional(),
        targetType: line(100).optional(),
        target: uuid.optional(),
        actor: uuid.optional(),
      }),
    )
    .output(z.object({ entries: z.array(auditEntry), next: z.string().nullable() })),
};
