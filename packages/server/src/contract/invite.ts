import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, email, instant, line, nothing, uuid } from './fields.ts';
import { companyLimit, moduleRoles, organisationRole } from './member.ts';
import { procedure } from './procedure.ts';
import { password, session } from './session.ts';

const tags = ['Invites'];

/** From the fragment of the link's address. */
const token = z.string().min(20).max(200);

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

  /** The link goes to the invited address by mail, and to nobody else. */
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
    .output(invite)
    .errors(
      platformErrorMap(
        'invite_exists',
        'already_member',
        'role_invalid',
        'email_invalid',
        'company_missing',
        'mail_unavailable',
        'step_up_required',
      ),
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
    .input(z.strictObject({ token }))
    .output(z.object({ tenant: uuid, member: uuid }))
    .errors(
      platformErrorMap(
        'link_invalid',
        'invite_other_address',
        'email_unverified',
        'already_member',
        'quota_reached',
      ),
    ),

  /** By POST, so that the token stands in no address. Consumes nothing. */
  view: procedure({ permission: 'public', rate: 'sign-in' })
    .route({ method: 'POST', path: '/invites/view', summary: 'See what an invite leads to', tags })
    .input(z.strictObject({ token }))
    .output(
      z.object({
        tenantName: z.string(),
        email: z.string(),
        role: organisationRole,
        /** The address has an account to sign in with; otherwise the invite makes one. */
        hasAccount: z.boolean(),
      }),
    )
    .errors(platformErrorMap('link_invalid')),

  signUp: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/invites/sign-up',
      summary: 'Accept an invite with a new account, and sign in',
      tags,
      successStatus: 201,
    })
    .input(z.strictObject({ token, name: line(200), password }))
    .output(session)
    .errors(
      platformErrorMap(
        'link_invalid',
        'email_taken',
        'company_missing',
        'quota_reached',
        'input_invalid',
        'password_short',
        'password_long',
        'password_common',
        'password_breached',
        'password_invalid',
        'account_disabled',
        'factor_required',
        'busy',
      ),
    ),
};
