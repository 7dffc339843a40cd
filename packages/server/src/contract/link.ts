import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, email, line, nothing } from './fields.ts';
import { procedure } from './procedure.ts';
import { password, session } from './session.ts';

const tags = ['Links by mail'];

/** The token of a link, from its address's fragment. */
const token = z.string().min(20).max(200);

const passwordErrors = [
  'password_short',
  'password_long',
  'password_common',
  'password_breached',
  'password_invalid',
  'busy',
] as const;

/** Whoever asks gets this answer at once, whoever has the address and whether or not anybody does. */
const asked = { successStatus: 202 } as const;

export const signUpContract = {
  request: procedure({ permission: 'public', rate: 'forgot' })
    .route({
      method: 'POST',
      path: '/sign-up',
      summary: 'Ask for an account; a mail brings the link',
      tags,
      ...asked,
    })
    .input(
      z.strictObject({
        email,
        password,
        name: line(200),
        tenantName: line(200),
        companyName: line(200).optional(),
      }),
    )
    .output(done)
    .errors(platformErrorMap('mail_unavailable', 'email_invalid', 'input_invalid', ...passwordErrors)),

  confirm: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/sign-up/confirm',
      summary: 'Make the account and its tenant, and sign in',
      tags,
      successStatus: 201,
    })
    .input(
      z.strictObject({
        token,
        /** In any other browser than the one that signed up: the password chosen there. */
        password: password.optional(),
      }),
    )
    .output(session)
    .errors(
      platformErrorMap(
        'link_invalid',
        'password_required',
        'password_wrong',
        'email_taken',
        'account_disabled',
        'factor_required',
        'mail_unavailable',
        'busy',
      ),
    ),
};

export const passwordResetContract = {
  request: procedure({ permission: 'public', rate: 'forgot' })
    .route({
      method: 'POST',
      path: '/password-reset',
      summary: 'Ask for a link to choose a new password',
      tags,
      ...asked,
    })
    .input(z.strictObject({ email }))
    .output(done)
    .errors(platformErrorMap('mail_unavailable', 'email_invalid')),

  redeem: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/password-reset/redeem',
      summary: 'Choose a new password; every session ends',
      tags,
    })
    .input(z.strictObject({ token, password }))
    .output(done)
    .errors(platformErrorMap('link_invalid', 'mail_unavailable', ...passwordErrors)),
};

export const magicLinkContract = {
  request: procedure({ permission: 'public', rate: 'forgot' })
    .route({ method: 'POST', path: '/magic-link', summary: 'Ask for a link to sign in', tags, ...asked })
    .input(z.strictObject({ email }))
    .output(done)
    .errors(platformErrorMap('mail_unavailable', 'email_invalid')),

  redeem: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/magic-link/redeem',
      summary: 'Sign in by a link, in the browser that asked for it',
      tags,
    })
    .input(z.strictObject({ token }))
    .output(session)
    .errors(
      platformErrorMap(
        'link_invalid',
        'link_other_browser',
        'sign_in_refused',
        'account_disabled',
        'factor_required',
        'mail_unavailable',
        'busy',
      ),
    ),
};

export const emailVerificationContract = {
  request: procedure({ permission: 'signed-in', rate: 'forgot' })
    .route({
      method: 'POST',
      path: '/email-verification',
      summary: 'Send a link that proves the account’s address',
      tags,
      ...asked,
    })
    .input(nothing)
    .output(done)
    .errors(platformErrorMap('mail_unavailable')),

  redeem: procedure({ permission: 'public', rate: 'sign-in' })
    .route({ method: 'POST', path: '/email-verification/redeem', summary: 'Prove an address', tags })
    .input(z.strictObject({ token }))
    .output(done)
    .errors(platformErrorMap('link_invalid')),
};

export const emailChangeContract = {
  request: procedure({ permission: 'signed-in', rate: 'forgot', stepUp: true })
    .route({ method: 'POST', path: '/email-change', summary: 'Ask to use another address', tags, ...asked })
    .input(z.strictObject({ email, password: password.optional() }))
    .output(done)
    .errors(
      platformErrorMap(
        'mail_unavailable',
        'email_invalid',
        'password_wrong',
        'attempts_exhausted',
        'step_up_required',
        'busy',
      ),
    ),

  redeem: procedure({ permission: 'signed-in', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/email-change/redeem',
      summary: 'Use the address that the link was sent to',
      tags,
    })
    .input(z.strictObject({ token }))
    .output(z.object({ email: z.string() }))
    .errors(platformErrorMap('link_invalid', 'email_taken', 'mail_unavailable')),

  undo: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/email-change/undo',
      summary: 'Bring the old address back with a new password; every session ends',
      tags,
    })
    .input(z.strictObject({ token, password }))
    .output(done)
    .errors(platformErrorMap('link_invalid', 'email_taken', 'mail_unavailable', ...passwordErrors)),
};

export const passwordContract = {
  change: procedure({ permission: 'signed-in', rate: 'sign-in', stepUp: true })
    .route({
      method: 'POST',
      path: '/password',
      summary: 'Change one’s password; other sessions end',
      tags: ['Session'],
    })
    .input(z.strictObject({ current: password, password }))
    .output(done)
    .errors(
      platformErrorMap(
        'password_wrong',
        'sign_in_refused',
        'link_invalid',
        'mail_unavailable',
        ...passwordErrors,
      ),
    ),
};
