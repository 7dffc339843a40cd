import { procedure } from '@bulkhead/server/contract';
import { z } from 'zod';
import { date, id, line, timestamp } from './value.ts';

const tags = ['Books: periods'];

/** A calendar month of a fiscal year. */
export const period = z.object({
  id,
  companyId: id,
  /** Calendar year in which the fiscal year starts. */
  fiscalYear: z.int(),
  startsOn: date,
  endsOn: date,
  /** `signed-off` also for months before the last one signed off. */
  status: z.enum(['open', 'signed-off']),
  /** Drafts dated in the month; they can no longer be submitted on their date after sign-off. */
  drafts: z.int(),
  signedOffAt: timestamp.nullable(),
  /** The actor who signed off: UUID of an account or key. */
  signedOffBy: z.string().nullable(),
  note: z.string().nullable(),
});
export type Period = z.infer<typeof period>;

export const periods = {
  list: procedure({ permission: 'books:period.read', rate: 'read' })
    .route({ method: 'GET', path: '/periods', summary: 'List periods, latest first', tags })
    .input(
      z
        .strictObject({ fiscalYear: z.coerce.number<number>().int().min(1970).max(2200).optional() })
        .default({}),
    )
    .output(z.array(period)),
  openYear: procedure({ permission: 'books:period.open', rate: 'write' })
    .route({
      method: 'POST',
      path: '/periods',
      summary: 'Open the twelve periods of a fiscal year',
      tags,
      successStatus: 201,
    })
    .input(z.strictObject({ fiscalYear: z.int().min(1970).max(2200) }))
    .output(z.array(period)),
  signOff: procedure({ permission: 'books:period.sign-off', rate: 'write' })
    .route({
      method: 'POST',
      path: '/periods/{id}/sign-off',
      summary: 'Sign off a period: nothing can be posted on or before its end any more. It cannot be undone.',
      tags,
    })
    .input(z.strictObject({ id, note: line(500).optional() }))
    .output(period),
};
