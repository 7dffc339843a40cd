import type { Verdict } from '@bulkhead/platform/edge';
import { PlatformError } from '@bulkhead/platform/errors';
import { readSession } from '@bulkhead/platform/identity';
import type { IdentityDependencies, Session } from '@bulkhead/platform/identity';

/** Where a request comes from, and what is to know what a rate limit said of it. */
export type Sender = { ip: string; noteLimit?: (verdict: Verdict) => void };

/** What a request brings to say who it is from, unverified. */
export type Credentials = {
  /** Who sends it; absent: a service of the house does. */
  from?: Sender | undefined;
  /** Value of the session cookie. */
  cookie: string | undefined;
  /** The Authorization header. */
  authorization: string | undefined;
};

export type ReadOptions = {
  /** Ask the database, not a cache: what is to be done must not outlive the session's end by a moment. */
  fresh: boolean;
};

/** Reads one form of bearer token. */
export type BearerReader = {
  /** Whether a token is of this form, by its look alone. Forms exclude each other. */
  recognises: (token: string) => boolean;
  /** The live session it stands for; null when it is unknown, expired, revoked or forged. */
  read: (token: string, options: ReadOptions) => Promise<Session | null>;
};

/**
 * The one place where a request's credentials become a session. No credential: null.
 *
 * @throws PlatformError credentials_ambiguous: a request with two says nothing about which of them is meant, and a
 *   browser adds the cookie by itself; token_refused: a bearer token that is no live session's, whatever the reason
 */
export type Authenticate = (credentials: Credentials, options: ReadOptions) => Promise<Session | null>;

export function createAuthenticate(
  identity: IdentityDependencies,
  bearerReaders: readonly BearerReader[],
): Authenticate {
  return async ({ cookie, authorization }, options) => {
    if (authorization === undefined) {
      return cookie === undefined ? null : readSession(identity, cookie, options);
    }
    if (cookie !== undefined) throw new PlatformError('credentials_ambiguous');
    const token = bearerToken(authorization);
    const reader = bearerReaders.find(({ recognises }) => recognises(token));
    const session = reader === undefined ? null : await reader.read(token, options);
    if (session === null) throw new PlatformError('token_refused');
    return session;
  };
}

/** RFC 6750 section 2.1; the scheme in any case (RFC 9110 section 11.1). Anything else is no token. */
function bearerToken(authorization: string): string {
  return /^bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1] ?? '';
}
