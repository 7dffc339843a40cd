import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Members'];

export const organisationRole = z.enum(['owner', 'admin', 'member']);

/** A role a module defines, `<module>:<role>`, e.g. `books:accountant`. */
export const moduleRole = z
  .string()
  .max(100)
  .regex(/^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$/, 'must be <module>:<role>');

export const moduleRoles = z.array(moduleRole).max(50);

/** Companies a membership is limited to; null = all. */
export const companyLimit = z.array(uuid).min(1).max(1000).nullable();

export const member = z.object({
  id: uuid,
  account: z.object({ id: uuid, email: z.string(), name: z.string() }),
  role: organisationRole,
  moduleRoles: z.array(z.string()),
  companies: z.array(uuid).nullable(),
  since: instant,
});

export const memberContract = {
  list: procedure({ permission: 'access:member.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/members', summary: 'List the members of the tenant', tags })
    .input(nothing)
    .output(z.object({ members: z.array(member) })),

  change: procedure({ permission: 'access:member.change', rate: 'write', scope: 'tenant', stepUp: true })
    .route({
      method: 'PUT',
      path: '/members/{id}',
      summary: "Change a member's roles and companies",
      tags,
    })
    .input(z.strictObject({ id: uuid, role: organisationRole, moduleRoles, companies: companyLimit }))
    .output(member)
    .errors(platformErrorMap('last_owner', 'role_invalid', 'member_missing', 'company_missing')),

  remove: procedure({ permission: 'access:member.remove', rate: 'write', scope: 'tenant', stepUp: true })
    .route({
      method: 'DELETE',
      path: '/members/{id}',
      summary: 'Remove a member from the tenant',
      tags,
    })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('last_owner', 'member_missing')),
};
