import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { instant, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Usage'];
const rateClass = z.enum(['read', 'write', 'heavy']);
const tierName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);

export const usageContract = {
  read: procedure({ permission: 'tenants:usage.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/usage',
      summary: 'What this tenant uses, and what its tier allows',
      tags,
    })
    .input(
      z.strictObject({
        /** `hour`: the last 48 hours; `day`: the last 30 days (UTC). */
        step: z.enum(['hour', 'day']).default('hour'),
      }),
    )
    .output(
      z.object({
        tier: z.object({ name: z.string(), title: z.string() }).nullable(),
        /** What the tenant’s requests are held to; a class that is not here has no limit. */
        limits: z.array(
          z.object({
            rateClass,
            /** Requests a minute. */
            cap: z.int(),
            /** Requests an hour beyond the minute’s cap. */
            burst: z.int(),
          }),
        ),
        quotas: z.array(
          z.object({
            name: z.enum(['members', 'apiKeys', 'webhookEndpoints']),
            taken: z.int(),
            /** Null: any number. */
            allowed: z.int().nullable(),
          }),
        ),
        step: z.enum(['hour', 'day']),
        since: instant,
        /** Until now: the last one is not over. */
        until: instant,
        /** The oldest first; an hour or day in which nothing happened is left out. */
        points: z.array(z.object({ at: instant, rateClass, answered: z.int(), refused: z.int() })),
      }),
    ),

  /** The tenant’s audit log shows who set it, and why. What billing says counts again once it is taken back. */
  setTier: procedure({ permission: 'signed-in', operator: true, rate: 'write', stepUp: true })
    .route({
      method: 'PUT',
      path: '/operator/tiers/{tenant}',
      summary: 'Operators: give a tenant a tier',
      tags,
    })
    .input(
      z.strictObject({
        tenant: uuid,
        /** Null takes it back. */
        tier: tierName.nullable(),
        reason: z.string().trim().min(10).max(500),
      }),
    )
    .output(z.object({ tier: z.string().nullable() }))
    .errors(platformErrorMap('tier_missing', 'tenant_missing', 'input_invalid')),
};
