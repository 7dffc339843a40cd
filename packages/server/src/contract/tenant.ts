import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { instant, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

export const tenant = z.object({ id: uuid, name: z.string(), createdAt: instant });

export const tenantContract = {
  read: procedure({ permission: 'tenants:tenant.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/tenant',
      summary: 'The tenant this request acts in',
      tags: ['Tenant'],
    })
    .input(nothing)
    .output(tenant)
    .errors(platformErrorMap('tenant_missing')),
};
