import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { nothing } from './fields.ts';
import { passkeyAssertion, passkeyRequestOptions } from './passkey.ts';
import { procedure } from './procedure.ts';
import { session } from './session.ts';

const tags = ['Session'];

/** What `factor_required` gave: opaque, five minutes, for one session. */
const challenge = z.string().min(20).max(200);

const totp = z.strictObject({ kind: z.literal('totp'), code: z.string().min(1).max(20) });
const recoveryCode = z.strictObject({ kind: z.literal('recovery_code'), code: z.string().min(1).max(100) });
const passkey = z.strictObject({ kind: z.literal('passkey'), response: passkeyAssertion });
const password = z.strictObject({ kind: z.literal('password'), password: z.string().min(1).max(1024) });

/** A second factor as its owner presents it. */
export const factorProof = z.discriminatedUnion('kind', [totp, recoveryCode, passkey]);

/** The same, or the password, where that is enough. */
export const stepUpProof = z.discriminatedUnion('kind', [totp, recoveryCode, passkey, password]);

const refusals = platformErrorMap(
  'code_refused',
  'passkey_refused',
  'attempts_exhausted',
  'account_disabled',
);

/** Proving who one is beyond the first factor, and anew: part of `session`. */
export const proofContract = {
  pending: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/session/pending',
      summary: 'Which second factors would complete a sign-in',
      tags,
    })
    .input(z.strictObject({ challenge }))
    .output(z.object({ factors: z.array(z.enum(['totp', 'passkey', 'recovery_code'])) }))
    .errors(platformErrorMap('sign_in_expired')),

  pendingPasskeyOptions: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/session/pending/passkey-options',
      summary: 'Ask for a passkey as second factor',
      tags,
    })
    .input(z.strictObject({ challenge }))
    .output(passkeyRequestOptions)
    .errors(platformErrorMap('sign_in_expired', 'passkey_unavailable')),

  completeFactor: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/session/factor',
      summary: 'Complete a sign-in with its second factor',
      tags,
    })
    .input(z.strictObject({ challenge, proof: factorProof }))
    .output(session)
    .errors({ ...refusals, ...platformErrorMap('sign_in_expired') }),

  passkeyOptions: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/session/passkey/options',
      summary: 'Ask for a passkey to sign in with',
      tags,
    })
    .input(nothing)
    .output(passkeyRequestOptions)
    .errors(platformErrorMap('passkey_unavailable')),

  signInWithPasskey: procedure({ permission: 'public', rate: 'sign-in' })
    .route({ method: 'POST', path: '/session/passkey', summary: 'Sign in with a passkey', tags })
    .input(z.strictObject({ response: passkeyAssertion }))
    .output(session)
    .errors(platformErrorMap('passkey_refused', 'account_disabled')),

  stepUpPasskeyOptions: procedure({ permission: 'signed-in', rate: 'sign-in', confined: true })
    .route({
      method: 'POST',
      path: '/session/step-up/passkey-options',
      summary: 'Ask for a passkey to step up with',
      tags,
    })
    .input(nothing)
    .output(passkeyRequestOptions)
    .errors(platformErrorMap('passkey_unavailable')),

  /** Afterwards the session has a new token: the answer replaces the cookie, and the old one is worth nothing. */
  stepUp: procedure({ permission: 'signed-in', rate: 'sign-in', confined: true })
    .route({ method: 'POST', path: '/session/step-up', summary: 'Prove once more that it is you', tags })
    .input(z.strictObject({ proof: stepUpProof }))
    .output(session)
    .errors({ ...refusals, ...platformErrorMap('step_up_required', 'sign_in_refused', 'busy') }),
};
