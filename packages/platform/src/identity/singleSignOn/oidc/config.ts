import * as z from 'zod';

/** An OpenID Connect issuer: https, no user, query or fragment (OpenID Connect Discovery 1.0, section 3). */
export const issuerUrl = z
  .string()
  .max(500)
  .refine((value) => {
    const url = URL.parse(value);
    return (
      url !== null &&
      url.protocol === 'https:' &&
      url.username === '' &&
      url.password === '' &&
      !/[?#]/.test(value)
    );
  }, 'must be an https address without query or fragment');

const scopeName = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

/** What a connection by OpenID Connect keeps, besides the client's secret. */
export const oidcConfig = z.strictObject({
  issuer: issuerUrl,
  clientId: z.string().min(1).max(500),
  /** `openid` is always asked for. */
  scopes: z.array(z.string().regex(scopeName)).max(20).default(['email', 'profile']),
  /**
   * `claim`: `email_verified` must be true. `domain`: it may be absent, since the address lies in a domain the tenant has proved
   * (Microsoft Entra sends none). False is refused either way.
   */
  emailVerification: z.enum(['claim', 'domain']).default('claim'),
  /** Whether an `amr` with `mfa` in it counts as a second factor here (T-39). */
  trustsMultiFactor: z.boolean().default(false),
});

export type OidcConfig = z.output<typeof oidcConfig>;
