import * as z from 'zod';
import { email, instant, line, nothing, done, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Session'];

/** Length is judged by the password policy, which says why; this only bounds the work. */
const password = z.string().min(1).max(1024);

/** An account's place in one tenant, and what it may do there. */
export const ownMembership = z.object({
  tenant: z.object({ id: uuid, name: z.string() }),
  role: z.enum(['owner', 'admin', 'member']),
  moduleRoles: z.array(z.string()),
  /** Companies the membership is limited to; null = all. */
  companies: z.array(uuid).nullable(),
  permissions: z.array(z.string()),
});

export const session = z.object({
  account: z.object({ id: uuid, email: z.string(), name: z.string() }),
  memberships: z.array(ownMembership),
  expiresAt: instant,
});

const signInErrors = {
  credentials_refused: { status: 401, message: 'The email or the password is wrong.' },
} as const;

const signUpErrors = {
  password_refused: {
    status: 422,
    message: 'The password is not acceptable.',
    data: z.object({ reason: z.string() }),
  },
} as const;

export const sessionContract = {
  signUp: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/session/sign-up',
      summary: 'Create an account and its tenant',
      tags,
    })
    .input(z.strictObject({ email, password, name: line(200), tenantName: line(200) }))
    .output(session)
    .errors(signUpErrors),

  signIn: procedure({ permission: 'public', rate: 'sign-in' })
    .route({ method: 'POST', path: '/session', summary: 'Sign in with a password', tags })
    .input(z.strictObject({ email: z.string().min(1).max(254), password }))
    .output(session)
    .errors(signInErrors),

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
