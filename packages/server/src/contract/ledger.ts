import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { procedure } from './procedure.ts';

const tags = ['Audit'];

export const ledgerContract = {
  checkpoint: procedure({ permission: 'audit:entry.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/audit/checkpoint',
      summary: 'Read the latest signed checkpoint of the audit log',
      tags,
    })
    .input(z.strictObject({}))
    .output(
      z.object({
        /** A signed note (c2sp.org/tlog-checkpoint); null before the first. */
        note: z.string().nullable(),
        /** Entries it covers. */
        size: z.int(),
        /** Entries that are sealed. */
        sealed: z.int(),
        at: z.string().nullable(),
      }),
    ),
  proof: procedure({ permission: 'audit:entry.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/audit/entries/{id}/proof',
      summary: 'Prove that one entry stands in the audit log',
      tags,
    })
    .input(z.strictObject({ id: z.string().regex(/^[1-9][0-9]{0,17}$/) }))
    .output(
      z.object({
        format: z.literal('bulkhead-audit-proof/1'),
        checkpoint: z.string(),
        index: z.int(),
        previous: z.string(),
        entry: z.string(),
        path: z.array(z.string()),
      }),
    )
    .errors(platformErrorMap('entry_unproven')),
};
