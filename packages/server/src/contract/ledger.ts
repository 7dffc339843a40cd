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
        /** The last copies that places outside the database took. Empty: nothing is kept outside. */
        anchors: z.array(
          z.object({ kind: z.enum(['folder', 'bucket', 'witness']), size: z.int(), at: z.string() }),
        ),
        /** The last check by this server; null where it makes none. It proves nothing against whoever controls the server. */
        check: z
          .object({
            outcome: z.enum(['sound', 'tampered']),
            /** The first thing found, in words. */
            finding: z.string().nullable(),
            at: z.string(),
            /** When it was last found sound, and when so from its first entry on. */
            soundAt: z.string().nullable(),
            wholeAt: z.string().nullable(),
            overdue: z.boolean(),
          })
          .nullable(),
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
