import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { instant, limit, line, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

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
        cursor: z.string().max(500).optional(),
        from: instant.optional(),
        to: instant.optional(),
        action: line(100).optional(),
        targetType: line(100).optional(),
        target: uuid.optional(),
        actor: uuid.optional(),
      }),
    )
    .output(z.object({ entries: z.array(auditEntry), next: z.string().nullable() }))
    .errors(platformErrorMap('cursor_invalid', 'input_invalid')),
};
