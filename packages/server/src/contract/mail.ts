import * as z from 'zod';
import { instant, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Mail'];

export const mailContract = {
  status: procedure({ permission: 'public', rate: 'read' })
    .route({ method: 'GET', path: '/mail/status', summary: 'Whether and how this server sends mail', tags })
    .input(nothing)
    .output(z.object({ mode: z.enum(['smtp', 'sink', 'none']) })),

  /** The demo on this machine alone; anywhere else there is no such thing. */
  list: procedure({ permission: 'public', rate: 'read' })
    .route({ method: 'GET', path: '/mail', summary: 'The demo’s mail: shown instead of sent', tags })
    .input(nothing)
    .output(
      z.object({
        messages: z.array(
          z.object({
            id: uuid,
            kind: z.string(),
            to: z.string(),
            subject: z.string(),
            text: z.string(),
            createdAt: instant,
          }),
        ),
      }),
    ),
};
