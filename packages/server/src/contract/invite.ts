import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, email, instant, nothing, uuid } from './fields.ts';
import { companyLimit, moduleRoles, organisationRole } from './member.ts';
import { procedure } from './procedure.ts';

const tags = ['Invites'];

export const invite = z.object({
  id: uuid,
  email: z.string(),
  role: organisationRole,
  moduleRoles: z.array(z.string()),
  companies: z.array(uuid).nullable(),
  invitedBy: uuid,
  createdAt: instant,
  expiresAt: instant,
});

export const inviteContract = {
  list: procedure({ permission: 'access:invite.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/invites', summary: 'List the open invites', tags })
    .input(nothing)
    .output(z.object({ invites: z.array(invite) })),

  /** `token` is shown once, to the inviter, who passes it on. */
  create: procedure({ permission: 'access:invite.create', rate: 'write', scope: 'tenant' })
    .route({
      method: 'POST',
      path: '/invites',
      summary: 'Invite an address to the tenant',
      tags,
      successStatus: 201,
    })
    .input(
      z.strictObject({
        email,
        role: organisationRole,
        moduleRoles: moduleRoles.default([]),
        companies: companyLimit.default(null),
      }),
    )
    .output(invite.extend({ token: z.string() }))
    .errors(
      platformErrorMap('invite_exists', 'already_member', 'role_invalid', 'email_invalid', 'company_missing'),
    ),

  revoke: procedure({ permission: 'access:invite.revoke', rate: 'write', scope: 'tenant' })
    .route({ method: 'DELETE', path: '/invites/{id}', summary: 'Revoke an open invite', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('invite_missing')),

  accept: procedure({ permission: 'signed-in', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/invites/accept',
      summary: 'Accept an invite to a tenant',
      tags,
    })
    .input(z.strictObject({ token: z.string().min(20).max(200) }))
    .output(z.object({ tenant: uuid, member: uuid }))
    .errors(platformErrorMap('link_invalid', 'invite_other_address', 'email_unverified', 'already_member')),
};
