import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Session'];

/** Strength is judged by the password policy, which says why; this only bounds the work. */
export const password = z.string().min(1).max(1024);

/** An account's place in one tenant, and what it may do there. */
export const ownMembership = z.object({
  id: uuid,
  tenant: z.object({ id: uuid, name: z.string() }),
  role: z.enum(['owner', 'admin', 'member']),
  moduleRoles: z.array(z.string()),
  /** Companies the membership is limited to; null = all. */
  companies: z.array(uuid).nullable(),
  permissions: z.array(z.string()),
});

export const session = z.object({
  account: z.object({
    id: uuid,
    email: z.string(),
    emailVerified: z.boolean(),
    name: z.string(),
    operator: z.boolean(),
  }),
  memberships: z.array(ownMembership),
  expiresAt: instant,
});

export const sessionContract = {
  signIn: procedure({ permission: 'public', rate: 'sign-in' })
    .route({ method: 'POST', path: '/session', summary: 'Sign in with a password', tags })
    .input(z.strictObject({ email: z.string().min(1).max(254), password }))
    .output(session)
    .errors(platformErrorMap('sign_in_refused', 'factor_required', 'account_disabled', 'busy')),

  read: procedure({ permission: 'signed-in', rate: 'read' })
    .route({
      method: 'GET',
      path: '/session',
      summary: 'Who is signed in, and what they may do',
      tags,
    })
    .input(nothing)
    .output(session),

  signOut: procedure({ permission: 'signed-in', rate: 'write' })
    .route({ method: 'DELETE', path: '/session', summary: 'Sign out', tags })
    .input(nothing)
    .output(done),
};
