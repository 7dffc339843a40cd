import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant } from './fields.ts';
import { procedure } from './procedure.ts';
import { factorProof } from './proof.ts';

const tags = ['Tokens'];

/** An access token for the Authorization header, and a refresh token that is good for one exchange. */
export const tokenPair = z.object({
  tokenType: z.literal('Bearer'),
  accessToken: z.string(),
  accessExpiresAt: instant,
  refreshToken: z.string(),
  refreshExpiresAt: instant,
});

/** Longer than any token, so that a longer one is a malformed request and costs nothing. */
const anyToken = z.string().min(1).max(4096);

/** Tokens for programs: apps, scripts, services of one's own. A browser uses the session cookie instead. */
export const tokenContract = {
  create: procedure({ permission: 'public', rate: 'sign-in' })
    .route({ method: 'POST', path: '/tokens', summary: 'Sign in with a password, for tokens', tags })
    .input(z.strictObject({ email: z.string().min(1).max(254), password: z.string().min(1).max(1024) }))
    .output(tokenPair)
    .errors(platformErrorMap('sign_in_refused', 'factor_required', 'account_disabled', 'busy')),

  completeFactor: procedure({ permission: 'public', rate: 'sign-in' })
    .route({
      method: 'POST',
      path: '/tokens/factor',
      summary: 'Complete a sign-in with its second factor, for tokens',
      tags,
    })
    .input(z.strictObject({ challenge: z.string().min(20).max(200), proof: factorProof }))
    .output(tokenPair)
    .errors(
      platformErrorMap(
        'sign_in_expired',
        'code_refused',
        'passkey_refused',
        'attempts_exhausted',
        'account_disabled',
      ),
    ),

  refresh: procedure({ permission: 'public', rate: 'read' })
    .route({ method: 'POST', path: '/tokens/refresh', summary: 'Exchange a refresh token', tags })
    .input(z.strictObject({ refreshToken: anyToken }))
    .output(tokenPair)
    .errors(platformErrorMap('token_refused')),

  /** Nothing to revoke is no error (RFC 7009 section 2.2). */
  revoke: procedure({ permission: 'public', rate: 'write' })
    .route({ method: 'POST', path: '/tokens/revoke', summary: 'End the session of a token', tags })
    .input(z.strictObject({ token: anyToken }))
    .output(done),
};
