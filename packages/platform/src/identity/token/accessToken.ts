import { hash as digest } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../clock.ts';
import { randomUuid, type RandomBytes } from '../../random.ts';
import { readCanonicalToken } from './canonicalForm.ts';
import { tokenAlgorithm, type SigningKeys } from './signingKeys.ts';

/** What an access token says (RFC 9068). Times in seconds since the epoch. */
export type AccessClaims = {
  iss: string;
  aud: string;
  /** Account. */
  sub: string;
  /** Session, and so the family of refresh tokens. */
  sid: string;
  client_id: string;
  jti: string;
  iat: number;
  nbf: number;
  exp: number;
};

export type AccessTokensOptions = {
  keys: Pick<SigningKeys, 'read' | 'find'>;
  /** Configured, never taken from a request or a token (T-40). Asked each time, because the port may come late. */
  issuer: () => string;
  clock: Clock;
  randomBytes: RandomBytes;
  /** Milliseconds a token lives. Default 10 minutes. */
  lifetime?: number;
  /** Verified tokens remembered; the least recently used goes first. 0: none. Default 10000. */
  remembered?: number;
};

/** Type of an access token (RFC 9068 section 2.1): a token made for another purpose is none. */
const tokenType = 'at+jwt';
/** Seconds by which another server's clock may be ahead. */
export const skew = 5;
const ownClient = 'bulkhead';

/**
 * Issues and verifies access tokens. A verified one is remembered by the hash of its whole text, so that the next
 * request with it costs no signature; its times and its key are looked at each time.
 */
export class AccessTokens {
  readonly #options: Required<AccessTokensOptions>;
  readonly #remembered = new Map<string, { claims: AccessClaims; kid: string }>();

  constructor(options: AccessTokensOptions) {
    this.#options = { lifetime: 600_000, remembered: 10_000, ...options };
  }

  /** Signs a token for a session. */
  async issue({ accountId, sessionId }: { accountId: string; sessionId: string }): Promise<{
    token: string;
    expiresAt: Date;
  }> {
    const { keys, issuer, clock, randomBytes, lifetime } = this.#options;
    const { current } = await keys.read();
    const iat = Math.floor(clock() / 1000);
    const exp = iat + Math.floor(lifetime / 1000);
    const claims: AccessClaims = {
      iss: issuer(),
      aud: issuer(),
      sub: accountId,
      sid: sessionId,
      client_id: ownClient,
      jti: randomUuid(randomBytes),
      iat,
      nbf: iat - skew,
      exp,
    };
    const header = { alg: tokenAlgorithm, typ: tokenType, kid: current.kid };
    const token = await new SignJWT(claims).setProtectedHeader(header).sign(current.sign);
    return { token, expiresAt: new Date(exp * 1000) };
  }

  /**
   * The claims of a token of this service; null for anything else. It says that the token is genuine and in time,
   * not that its session still lives.
   */
  async verify(token: string): Promise<AccessClaims | null> {
    const key = digest('sha256', token, 'base64url');
    const found = this.#remembered.get(key) ?? (await this.#verifyAnew(token));
    if (found === null) return null;
    if (!this.#isInTime(found.claims) || (await this.#options.keys.find(found.kid)) === undefined) {
      this.#remembered.delete(key);
      return null;
    }
    this.#remember(key, found);
    return found.claims;
  }

  async #verifyAnew(token: string): Promise<{ claims: AccessClaims; kid: string } | null> {
    const parts = readCanonicalToken(token);
    if (parts === null) return null;
    const { alg, typ, kid } = parts.header;
    if (alg !== tokenAlgorithm || typ !== tokenType) return null;
    const key = await this.#options.keys.find(kid);
    if (key === undefined) return null;
    const { issuer, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(token, key.verify, {
        algorithms: [tokenAlgorithm],
        typ: tokenType,
        issuer: issuer(),
        audience: issuer(),
        currentDate: new Date(clock()),
        clockTolerance: 0,
      });
      const claims = readClaims(payload);
      return claims === null ? null : { claims, kid };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  #isInTime({ iat, nbf, exp }: AccessClaims): boolean {
    const now = Math.floor(this.#options.clock() / 1000);
    const lifetime = Math.floor(this.#options.lifetime / 1000);
    return nbf <= now && now < exp && iat <= now + skew && exp - iat <= lifetime;
  }

  #remember(key: string, found: { claims: AccessClaims; kid: string }): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, found);
    if (this.#remembered.size <= this.#options.remembered) return;
    const oldest = this.#remembered.keys().next();
    if (oldest.done !== true) this.#remembered.delete(oldest.value);
  }
}

const claimTypes = {
  iss: 'string',
  aud: 'string',
  sub: 'uuid',
  sid: 'uuid',
  client_id: 'string',
  jti: 'uuid',
  iat: 'time',
  nbf: 'time',
  exp: 'time',
} as const;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// Exactly these claims, each of its type: an audience in a list, or a claim nobody here knows, is not ours.
function readClaims(payload: Readonly<Record<string, unknown>>): AccessClaims | null {
  const names = Object.keys(claimTypes);
  if (Object.keys(payload).length !== names.length) return null;
  const isWhole = Object.entries(claimTypes).every(([name, type]) => {
    const value = payload[name];
    if (type === 'time') return Number.isSafeInteger(value);
    return typeof value === 'string' && (type === 'string' || uuid.test(value));
  });
  return isWhole ? (payload as AccessClaims) : null;
}
