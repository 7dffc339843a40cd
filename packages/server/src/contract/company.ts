import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { instant, line, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Companies'];

export const company = z.object({ id: uuid, name: z.string(), createdAt: instant });

export const companyContract = {
  list: procedure({ permission: 'tenants:company.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/companies',
      summary: 'List the companies you may work in',
      tags,
    })
    .input(nothing)
    .output(z.object({ companies: z.array(company) })),

  create: procedure({ permission: 'tenants:company.create', rate: 'write', scope: 'tenant' })
    .route({
      method: 'POST',
      path: '/companies',
      summary: 'Create a company',
      tags,
      successStatus: 201,
    })
    .input(z.strictObject({ name: line(200) }))
    .output(company)
    .errors(platformErrorMap('company_exists', 'input_invalid')),
};
