import { timingSafeEqual } from 'node:crypto';
import { digestOfCall, type ServiceCall } from './call.ts';
import { readToken, type ServiceClaims, type ServiceUser } from './format.ts';
import { assertSecret, macOf, type ServiceKey } from './signer.ts';
import { MemoryReplays, type Replays } from './replays.ts';

/** Why a token was refused: for the log of the service that refused it, never for its answer. */
export type ServiceRefusal =
  | 'missing'
  | 'malformed'
  | 'key_unknown'
  | 'mac_wrong'
  | 'issuer_wrong'
  | 'audience_wrong'
  | 'early'
  | 'expired'
  | 'request_differs'
  | 'replayed';

/** A call whose user cannot be believed. Answer 401 without a reason. */
export class ServiceTokenError extends Error {
  override readonly name = 'ServiceTokenError';
  readonly code = 'service_token_refused';
  readonly reason: ServiceRefusal;

  constructor(reason: ServiceRefusal) {
    super('the service token is not valid');
    this.reason = reason;
  }
}

export type VerifiedCall = { issuer: string; user: ServiceUser };

export type ServiceVerifierOptions = {
  /** This service's own name. */
  audience: string;
  /** Every key accepted now: during a rotation the old and the new one. */
  keys: readonly ServiceKey[];
  /** Milliseconds since the epoch; default the system's. */
  clock?: () => number;
  /** Where used tokens are remembered; default in this process. Shared where several processes are one service. */
  replays?: Replays;
};

/** Seconds a token lives. */
export const serviceTokenLife = 60;
/** Seconds by which the issuer's clock may be ahead. */
export const serviceClockSkew = 5;

/** Verifies the calls one service receives. */
export class ServiceVerifier {
  readonly #audience: string;
  readonly #keys: ReadonlyMap<string, ServiceKey>;
  readonly #clock: () => number;
  readonly #replays: Replays;

  /** @throws RangeError when a secret has not 32 bytes or two keys go by one id */
  constructor(options: ServiceVerifierOptions) {
    for (const key of options.keys) assertSecret(key);
    this.#audience = options.audience;
    this.#keys = new Map(options.keys.map((key) => [key.id, key]));
    if (this.#keys.size !== options.keys.length) throw new RangeError('two service keys go by the same id');
    this.#clock = options.clock ?? Date.now;
    this.#replays = options.replays ?? new MemoryReplays({ clock: this.#clock });
  }

  /**
   * For whom a call is made. This alone decides; nothing else in the request does (CVE-2025-61928).
   *
   * @param token the header's value as received
   * @throws ServiceTokenError
   */
  async verify(token: string | undefined, call: ServiceCall): Promise<VerifiedCall> {
    if (token === undefined || token === '') throw new ServiceTokenError('missing');
    const claims = this.#authenticate(token);
    if (claims.audience !== this.#audience) throw new ServiceTokenError('audience_wrong');
    const now = Math.floor(this.#clock() / 1000);
    if (claims.issuedAt > now + serviceClockSkew) throw new ServiceTokenError('early');
    const expiresAt = claims.issuedAt + serviceTokenLife;
    if (expiresAt <= now) throw new ServiceTokenError('expired');
    if (claims.request !== digestOfCall(call)) throw new ServiceTokenError('request_differs');
    // Last, so that only what is genuine is remembered.
    if (!(await this.#replays.take(`${claims.issuer}.${claims.id}`, expiresAt * 1000))) {
      throw new ServiceTokenError('replayed');
    }
    return { issuer: claims.issuer, user: claims.user };
  }

  #authenticate(token: string): ServiceClaims {
    const read = readToken(token);
    if (read === undefined) throw new ServiceTokenError('malformed');
    const key = this.#keys.get(read.claims.keyId);
    if (key === undefined) throw new ServiceTokenError('key_unknown');
    if (!timingSafeEqual(macOf(key.secret, read.payload), Buffer.from(read.mac, 'hex'))) {
      throw new ServiceTokenError('mac_wrong');
    }
    if (read.claims.issuer !== key.issuer) throw new ServiceTokenError('issuer_wrong');
    return read.claims;
  }
}
