import { createHmac, randomBytes as systemRandomBytes } from 'node:crypto';
import { digestOfCall, type ServiceCall } from './call.ts';
import { writeClaims, type ServiceUser } from './format.ts';

/** A secret shared by one issuer and those it calls. */
export type ServiceKey = {
  /** 8 lower-case hex digits. */
  id: string;
  /** 32 random bytes. */
  secret: Uint8Array;
  /** The service that signs with it; a token of any other issuer under this key is refused. */
  issuer: string;
};

/** Name of the header that carries a token. */
export const serviceTokenHeader = 'bulkhead-user';

/** Signs calls of one service. */
export class ServiceSigner {
  readonly #key: ServiceKey;
  readonly #clock: () => number;
  readonly #randomBytes: (size: number) => Uint8Array;

  /**
   * @param options.clock milliseconds since the epoch; default the system's
   * @throws RangeError when the secret has not 32 bytes
   */
  constructor(options: {
    key: ServiceKey;
    clock?: () => number;
    randomBytes?: (size: number) => Uint8Array;
  }) {
    assertSecret(options.key);
    this.#key = options.key;
    this.#clock = options.clock ?? Date.now;
    this.#randomBytes = options.randomBytes ?? systemRandomBytes;
  }

  /**
   * A header value for one call, valid once and for a minute.
   *
   * @param signing.call the request, or its digest from `digestOfRequest`
   * @throws TypeError when a value has not the form the specification gives it
   */
  sign(signing: { audience: string; user: ServiceUser; call: ServiceCall | string }): string {
    const { audience, user, call } = signing;
    const payload = writeClaims({
      keyId: this.#key.id,
      issuedAt: Math.floor(this.#clock() / 1000),
      id: Buffer.from(this.#randomBytes(16)).toString('hex'),
      issuer: this.#key.issuer,
      audience,
      user,
      request: typeof call === 'string' ? call : digestOfCall(call),
    });
    return `${payload}.${macOf(this.#key.secret, payload).toString('hex')}`;
  }
}

export function macOf(secret: Uint8Array, payload: string): Buffer {
  return createHmac('sha256', secret).update(payload, 'latin1').digest();
}

export function assertSecret({ id, secret }: ServiceKey): void {
  if (secret.length !== 32) throw new RangeError(`the secret of service key ${id} must have 32 bytes`);
  if (!/^[0-9a-f]{8}$/.test(id)) throw new RangeError('a service key id has 8 lower-case hex digits');
}
