import { createCipheriv, createDecipheriv, randomBytes as systemRandomBytes } from 'node:crypto';
import { deriveKey } from './deriveKey.ts';

/** A key-encryption key of this installation. */
export type EncryptionKey = {
  /** 8 lower-case hex digits; stands in every envelope, so that the key that opens it is found. */
  id: string;
  /** 32 random bytes. */
  secret: Uint8Array;
};

export type EncryptionKeys = {
  /** Encrypts, and opens what it encrypted. */
  current: EncryptionKey;
  /** Opens what was encrypted before the last rotation. */
  previous?: EncryptionKey | undefined;
};

/** An envelope that cannot be opened: of an unknown key, altered, or bound to another place. Says no more. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly code = 'decrypt_failed';
}

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + 4 + nonceBytes;

/**
 * Encrypts single fields with AES-256-GCM (NIST SP 800-38D), each bound to the place it belongs to, so that a
 * ciphertext moved to another row, column or table does not open. Envelope: version (1 byte), key id (4),
 * nonce (12), ciphertext, tag (16).
 *
 * The nonce is random: at most 2^32 fields under one key (SP 800-38D section 8.3).
 */
export class FieldCipher {
  readonly #current: Prepared;
  readonly #byId: ReadonlyMap<string, Prepared>;
  readonly #randomBytes: (size: number) => Uint8Array;

  /** @throws RangeError when a key has the wrong size, an id is malformed, or both keys go by the same id */
  constructor(keys: EncryptionKeys, options: { randomBytes?: (size: number) => Uint8Array } = {}) {
    this.#current = prepare(keys.current);
    const all = [this.#current, ...(keys.previous === undefined ? [] : [prepare(keys.previous)])];
    this.#byId = new Map(all.map((key) => [key.id, key]));
    if (this.#byId.size !== all.length) throw new RangeError('two encryption keys go by the same id');
    this.#randomBytes = options.randomBytes ?? systemRandomBytes;
  }

  /**
   * @param binding the place, most general first, e.g. `['identity.factor', id, 'secret']`; the same words open it
   * @returns the envelope, 33 bytes longer than the plaintext
   */
  encrypt(plaintext: Uint8Array, binding: readonly string[]): Buffer {
    const head = Buffer.concat([
      Buffer.of(version),
      Buffer.from(this.#current.id, 'hex'),
      this.#randomBytes(nonceBytes),
    ]);
    const cipher = createCipheriv('aes-256-gcm', this.#current.key, head.subarray(5), {
      authTagLength: tagBytes,
    });
    cipher.setAAD(associatedData(head, binding));
    return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws VaultError decrypt_failed */
  decrypt(envelope: Uint8Array, binding: readonly string[]): Buffer {
    const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength);
    const key = bytes.length < headBytes + tagBytes ? undefined : this.#byId.get(bytes.toString('hex', 1, 5));
    if (key === undefined || bytes[0] !== version) throw new VaultError('The field cannot be decrypted.');
    const head = bytes.subarray(0, headBytes);
    const decipher = createDecipheriv('aes-256-gcm', key.key, head.subarray(5), { authTagLength: tagBytes });
    decipher.setAAD(associatedData(head, binding));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(headBytes, -tagBytes)), decipher.final()]);
    } catch (error) {
      throw new VaultError('The field cannot be decrypted.', { cause: error });
    }
  }

  /** True when the envelope is not of the current key: encrypt it anew when it is next written. */
  isOutdated(envelope: Uint8Array): boolean {
    return Buffer.from(envelope.subarray(1, 5)).toString('hex') !== this.#current.id;
  }
}

type Prepared = { id: string; key: Buffer };

function prepare({ id, secret }: EncryptionKey): Prepared {
  if (!/^[0-9a-f]{8}$/.test(id)) throw new RangeError('an encryption key id is 8 lower-case hex digits');
  if (secret.length !== 32) throw new RangeError('an encryption key has 32 bytes');
  return { id, key: deriveKey(secret, 'bulkhead field encryption') };
}

// Each word with its length before it, so that no two bindings make the same bytes.
function associatedData(head: Uint8Array, binding: readonly string[]): Buffer {
  const words = binding.flatMap((word) => {
    const bytes = Buffer.from(word, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([head.subarray(0, 5), ...words]);
}
