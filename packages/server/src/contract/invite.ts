import * as z from 'zod';
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
  createdAt: instant,
  expiresAt: instant,
});

const inviteErrors = {
  invite_refused: { status: 403, message: 'The invite is spent, withdrawn, expired or not yours.' },
  role_refused: { status: 403, message: 'You may not give this role.' },
} as const;

export const inviteContract = {
  list: procedure({ permission: 'access:invite.read', rate: 'read' })
    .route({ method: 'GET', path: '/invites', summary: 'List the open invites', tags })
    .input(nothing)
    .output(z.object({ invites: z.array(invite) })),

  create: procedure({ permission: 'access:invite.create', rate: 'write' })
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
    /** `token` is shown once, to the inviter, who passes it on. */
    .output(invite.extend({ token: z.string() }))
    .errors(inviteErrors),

  withdraw: procedure({ permission: 'access:invite.withdraw', rate: 'write' })
    .route({ method: 'DELETE', path: '/invites/{id}', summary: 'Withdraw an invite', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done),

  accept: procedure({ permission: 'signed-in', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/invites/accept',
      summary: 'Accept an invite to a tenant',
      tags,
    })
    .input(z.strictObject({ token: z.string().min(20).max(200) }))
    .output(z.object({ tenant: uuid }))
    .errors(inviteErrors),
};
