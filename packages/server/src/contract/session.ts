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

/** One of an account's live sessions. */
export const deviceSession = z.object({
  id: uuid,
  /** The one this request came with. */
  current: z.boolean(),
  /** Browser and system in words, or a program's own name: text from outside. */
  device: z.string(),
  userAgent: z.string().nullable(),
  /** Address at sign-in. */
  ip: z.string().nullable(),
  createdAt: instant,
  /** Last use, to the minute. */
  lastSeenAt: instant,
  /** When it ends unless it is used again. */
  expiresAt: instant,
  /** How its owner proved who they are: RFC 8176 values. */
  methods: z.array(z.string()),
  /** Holds tokens instead of a cookie. */
  program: z.boolean(),
});

export const sessionContract = {
  signIn: procedure({ permission: 'public', rate: 'sign-in' })
    .route({ method: 'POST', path: '/session', summary: 'Sign in with a password', tags })
    .input(z.strictObject({ email: z.string().min(1).max(254), password }))
    .output(session)
    .errors(platformErrorMap('sign_in_refused', 'factor_required', 'account_disabled', 'busy')),

  read: procedure({ permission: 'signed-in', rate: 'read', confined: true })
    .route({
      method: 'GET',
      path: '/session',
      summary: 'Who is signed in, and what they may do',
      tags,
    })
    .input(nothing)
    .output(session),

  signOut: procedure({ permission: 'signed-in', rate: 'write', confined: true })
    .route({ method: 'DELETE', path: '/session', summary: 'Sign out', tags })
    .input(nothing)
    .output(done),

  list: procedure({ permission: 'signed-in', rate: 'read' })
    .route({ method: 'GET', path: '/sessions', summary: 'Where one is signed in', tags })
    .input(nothing)
    .output(z.object({ sessions: z.array(deviceSession) })),

  end: procedure({ permission: 'signed-in', rate: 'write' })
    .route({ method: 'DELETE', path: '/sessions/{id}', summary: 'End one of one’s own sessions', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('session_missing')),

  endOthers: procedure({ permission: 'signed-in', rate: 'write' })
    .route({ method: 'POST', path: '/sessions/end-others', summary: 'End all sessions but this one', tags })
    .input(nothing)
    .output(z.object({ ended: z.number().int() })),

  endAll: procedure({ permission: 'signed-in', rate: 'write' })
    .route({ method: 'POST', path: '/sessions/end-all', summary: 'Sign out everywhere', tags })
    .input(nothing)
    .output(z.object({ ended: z.number().int() })),
};
