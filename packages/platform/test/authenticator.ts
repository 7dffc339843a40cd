import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';

/** What an authenticator or the browser before it may do wrong. */
export type Behaviour = {
  origin?: string;
  rpId?: string;
  userVerified?: boolean;
  userPresent?: boolean;
  crossOrigin?: boolean;
  signCount?: number;
  type?: string;
  userHandle?: string | undefined;
  challenge?: string;
  backedUp?: boolean;
};

type Held = { id: Buffer; key: KeyObject; userHandle: string; signCount: number };

/**
 * An authenticator in software, after WebAuthn level 3 sections 6.1 and 6.5: one ES256 credential, and every flag and
 * counter for a test to set. Chromium's own answers the console's tests; this one can misbehave.
 */
export class SoftAuthenticator {
  readonly #origin: string;
  readonly #synced: boolean;
  #held: Held | undefined;

  constructor(options: { origin: string; synced?: boolean }) {
    this.#origin = options.origin;
    this.#synced = options.synced ?? false;
  }

  get credentialId(): string {
    return this.#credential().id.toString('base64url');
  }

  register(
    options: PublicKeyCredentialCreationOptionsJSON,
    behaviour: Behaviour = {},
  ): RegistrationResponseJSON {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const held = { id: randomBytes(32), key: privateKey, userHandle: options.user.id, signCount: 0 };
    this.#held = held;
    const credential = Buffer.concat([
      Buffer.alloc(16),
      Buffer.from([held.id.length >> 8, held.id.length & 0xff]),
      held.id,
      coseKey(publicKey),
    ]);
    const data = this.#authenticatorData(options.rp.id ?? '', { ...behaviour, attested: credential });
    return {
      id: held.id.toString('base64url'),
      rawId: held.id.toString('base64url'),
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, behaviour).toString(
          'base64url',
        ),
        attestationObject: Buffer.concat([
          Buffer.from('a3', 'hex'),
          cborText('fmt'),
          cborText('none'),
          cborText('attStmt'),
          Buffer.from('a0', 'hex'),
          cborText('authData'),
          cborBytes(data),
        ]).toString('base64url'),
        transports: ['internal'],
      },
    };
  }

  answer(
    options: PublicKeyCredentialRequestOptionsJSON,
    behaviour: Behaviour = {},
  ): AuthenticationResponseJSON {
    const held = this.#credential();
    const clientData = this.#clientData('webauthn.get', options.challenge, behaviour);
    const data = this.#authenticatorData(options.rpId ?? '', behaviour);
    const signed = Buffer.concat([data, createHash('sha256').update(clientData).digest()]);
    const userHandle = 'userHandle' in behaviour ? behaviour.userHandle : held.userHandle;
    return {
      id: held.id.toString('base64url'),
      rawId: held.id.toString('base64url'),
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', signed, held.key).toString('base64url'),
        ...(userHandle === undefined ? {} : { userHandle }),
      },
    };
  }

  #credential(): Held {
    if (this.#held === undefined) throw new Error('nothing was registered');
    return this.#held;
  }

  #clientData(type: string, challenge: string, behaviour: Behaviour): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: behaviour.type ?? type,
        challenge: behaviour.challenge ?? challenge,
        origin: behaviour.origin ?? this.#origin,
        crossOrigin: behaviour.crossOrigin ?? false,
      }),
    );
  }

  #authenticatorData(rpId: string, behaviour: Behaviour & { attested?: Buffer }): Buffer {
    const { userPresent = true, userVerified = true, attested, backedUp = this.#synced } = behaviour;
    const flags =
      (userPresent ? 0x01 : 0) |
      (userVerified ? 0x04 : 0) |
      (this.#synced ? 0x08 : 0) |
      (backedUp ? 0x10 : 0) |
      (attested === undefined ? 0 : 0x40);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(behaviour.signCount ?? 0);
    return Buffer.concat([
      createHash('sha256')
        .update(behaviour.rpId ?? rpId)
        .digest(),
      Buffer.of(flags),
      counter,
      attested ?? Buffer.alloc(0),
    ]);
  }
}

function cborText(text: string): Buffer {
  return Buffer.concat([Buffer.of(0x60 + text.length), Buffer.from(text)]);
}

function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x59, bytes.length >> 8, bytes.length & 0xff), bytes]);
}

/** {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y} */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const coordinate = (text: string): Buffer =>
    Buffer.concat([Buffer.of(0x58, 32), Buffer.from(text, 'base64url')]);
  return Buffer.concat([
    Buffer.from('a501020326200121', 'hex'),
    coordinate(x),
    Buffer.from('22', 'hex'),
    coordinate(y),
  ]);
}
