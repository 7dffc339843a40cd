import * as z from 'zod';
import { instant, nothing } from './fields.ts';
import { procedure } from './procedure.ts';

/** A secret as operators see it. There is no procedure that tells a value. */
export const secret = z.object({
  setting: z.string(),
  /** `rolling`: replaced while the server runs; `restart`: by a restart. */
  class: z.enum(['rolling', 'restart']),
  from: z.enum(['file', 'environment']),
  /** When its file last changed; null: not in a file, or it cannot be read. */
  changedAt: instant.nullable(),
  /** When it is to be replaced; null: nobody knows how old it is. */
  replaceBy: instant.nullable(),
  /** The file holds another value than the server uses. */
  restartNeeded: z.boolean(),
  /** What is wrong with the file; the server goes on with what it had. */
  problem: z.string().nullable(),
  warning: z.string().nullable(),
});

export const secretContract = {
  list: procedure({ permission: 'signed-in', operator: true, rate: 'read' })
    .route({
      method: 'GET',
      path: '/operator/secrets',
      summary: 'Operators: the secrets of this server, without their values',
      tags: ['Operators'],
    })
    .input(nothing)
    .output(z.object({ secrets: z.array(secret) })),
};
