import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

export const tenant = z.object({ id: uuid, name: z.string(), createdAt: instant });

export const tenantContract = {
  /** Owners alone. Whoever has no second factor then adds one before anything else. */
  requireSecondFactor: procedure({
    permission: 'tenants:tenant.change',
    rate: 'write',
    scope: 'tenant',
    stepUp: true,
  })
    .route({
      method: 'PUT',
      path: '/tenant/second-factor',
      summary: 'Ask two factors of every member, or stop asking',
      tags: ['Tenant'],
    })
    .input(z.strictObject({ required: z.boolean() }))
    .output(done),

  read: procedure({ permission: 'tenants:tenant.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/tenant',
      summary: 'The tenant this request acts in',
      tags: ['Tenant'],
    })
    .input(nothing)
    .output(tenant.extend({ secondFactorRequired: z.boolean() }))
    .errors(platformErrorMap('tenant_missing')),
};
