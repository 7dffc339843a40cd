import type { Misbehaviour } from './issuer.ts';

/** An ID token with other claims. */
export const changing = (change: Record<string, unknown>): Misbehaviour => ({
  claims: (signed) => ({ ...signed, ...change }),
});
/** Seconds since the epoch. */
export const now = (): number => Math.floor(Date.now() / 1000);
/** Answers that must not sign anybody in, and the code of the refusal; default provider_refused. */
export const wrongAnswers: [name: string, wrong: (domain: string) => Misbehaviour, code?: string][] = [
  ['T-39: no nonce', () => changing({ nonce: undefined })],
  ['T-39: another nonce', () => changing({ nonce: 'another' })],
  ['T-40: another issuer', () => changing({ iss: 'https://evil.example' })],
  ['another audience', () => changing({ aud: 'another-client' })],
  [
    'several audiences and another authorised party',
    () => changing({ aud: ['bulkhead-client', 'other'], azp: 'other' }),
  ],
  ['no subject', () => changing({ sub: undefined })],
  ['expired a minute ago', () => changing({ exp: now() - 60 })],
  ['no expiry', () => changing({ exp: undefined })],
  ['no time of issue', () => changing({ iat: undefined })],
  ['not yet valid', () => changing({ nbf: now() + 120 })],
  ['alg none', () => ({ signature: 'none' })],
  ['signed with a key that is not published', () => ({ signature: 'other' })],
  ['HS256 with the client’s secret (key confusion)', () => ({ signature: 'HS256' })],
  [
    'no ID token',
    () => ({ answer: { '/token': ({ id_token: gone, ...rest }) => ({ ...rest, gone: typeof gone }) } }),
  ],
  ['a token answer that is no object', () => ({ answer: { '/token': () => [] } })],
  ['T-35: the address not verified', () => changing({ email_verified: false }), 'provider_email_unverified'],
  [
    'T-35: nothing said about the address',
    () => changing({ email_verified: undefined }),
    'provider_email_unverified',
  ],
  ['T-35: "true" as text', () => changing({ email_verified: 'true' }), 'provider_email_unverified'],
  [
    'an address of a domain the tenant has not proved',
    () => changing({ email: 'ada@elsewhere.example' }),
    'provider_domain_refused',
  ],
  [
    'an address of a subdomain of it',
    (domain) => changing({ email: `ada@sub.${domain}` }),
    'provider_domain_refused',
  ],
  [
    'two addresses in one',
    (domain) => changing({ email: `ada@elsewhere.example, ada@${domain}` }),
    'email_invalid',
  ],
  [
    'the token endpoint fails',
    () => ({ instead: (request, response) => request.url === '/token' && !!response.writeHead(503).end() }),
    'provider_unreachable',
  ],
  [
    'the token endpoint never answers',
    () => ({ instead: (request) => request.url === '/token' }),
    'provider_unreachable',
  ],
  [
    'the token endpoint redirects',
    () => ({
      instead: (request, response) =>
        request.url === '/token' && !!response.writeHead(307, { location: 'https://evil.example/' }).end(),
    }),
  ],
  [
    'a token answer without end',
    () => ({
      instead: (request, response) =>
        request.url === '/token' &&
        !!response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.alloc(300_000, 32)),
    }),
  ],
];
