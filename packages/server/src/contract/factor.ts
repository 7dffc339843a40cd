import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, line, nothing, uuid } from './fields.ts';
import { passkeyCreationOptions, passkeyRegistration } from './passkey.ts';
import { procedure } from './procedure.ts';

const tags = ['Factors'];

/** An authenticator app or a passkey of the person signed in. */
export const factor = z.object({
  id: uuid,
  kind: z.enum(['totp', 'passkey']),
  label: z.string(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
  /** Passkey: whether it is synchronised between devices; null for an authenticator app. */
  backedUp: z.boolean().nullable(),
});

/** Recovery codes are shown when they are made and never again; null when the ones there were stay. */
const added = z.object({ id: uuid, recoveryCodes: z.array(z.string()).nullable() });

export const factorContract = {
  list: procedure({ permission: 'signed-in', rate: 'read' })
    .route({ method: 'GET', path: '/factors', summary: 'List your factors', tags })
    .input(nothing)
    .output(z.object({ factors: z.array(factor), recoveryCodesLeft: z.int() })),

  /** The secret is shown this once. It counts for nothing before `confirmTotp`. */
  addTotp: procedure({ permission: 'signed-in', rate: 'write', stepUp: true })
    .route({ method: 'POST', path: '/factors/totp', summary: 'Begin to add an authenticator app', tags })
    .input(z.strictObject({ label: line(200) }))
    .output(z.object({ id: uuid, secret: z.string(), address: z.string() }))
    .errors(platformErrorMap('factor_limit', 'input_invalid')),

  confirmTotp: procedure({ permission: 'signed-in', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/factors/totp/{id}/confirm',
      summary: 'Confirm an authenticator app by its first code',
      tags,
    })
    .input(z.strictObject({ id: uuid, code: z.string().min(6).max(20) }))
    .output(added)
    .errors(platformErrorMap('code_refused', 'factor_missing')),

  passkeyOptions: procedure({ permission: 'signed-in', rate: 'write', stepUp: true })
    .route({ method: 'POST', path: '/factors/passkey/options', summary: 'Begin to add a passkey', tags })
    .input(nothing)
    .output(passkeyCreationOptions)
    .errors(platformErrorMap('factor_limit', 'passkey_unavailable')),

  addPasskey: procedure({ permission: 'signed-in', rate: 'sign-in' })
    .route({ method: 'POST', path: '/factors/passkey', summary: 'Add the passkey the browser made', tags })
    .input(z.strictObject({ label: line(200), response: passkeyRegistration }))
    .output(added)
    .errors(platformErrorMap('passkey_refused', 'passkey_exists', 'factor_limit', 'input_invalid')),

  rename: procedure({ permission: 'signed-in', rate: 'write' })
    .route({ method: 'PUT', path: '/factors/{id}', summary: 'Rename a factor', tags })
    .input(z.strictObject({ id: uuid, label: line(200) }))
    .output(done)
    .errors(platformErrorMap('factor_missing', 'input_invalid')),

  remove: procedure({ permission: 'signed-in', rate: 'write', stepUp: true })
    .route({ method: 'DELETE', path: '/factors/{id}', summary: 'Remove a factor', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('factor_missing', 'password_needs_factor')),

  replaceRecoveryCodes: procedure({ permission: 'signed-in', rate: 'write', stepUp: true })
    .route({
      method: 'POST',
      path: '/factors/recovery-codes',
      summary: 'Replace all recovery codes by ten new ones',
      tags,
    })
    .input(nothing)
    .output(z.object({ recoveryCodes: z.array(z.string()) }))
    .errors(platformErrorMap('factor_missing')),
};
