import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { RandomBytes } from '../../random.ts';

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts a refresh token's successor under a key that follows from the token itself (HKDF-SHA256, AES-256-GCM), so
 * that whoever presents the token again may be given the same successor, and the database, which knows only the
 * hashes of both, can give it to nobody.
 *
 * @param presented the 32 bytes of the token being exchanged
 * @param successor the 32 bytes of the new one
 * @returns nonce, ciphertext, tag: 60 bytes
 */
export function sealSuccessor(
  presented: Uint8Array,
  successor: Uint8Array,
  randomBytes: RandomBytes,
): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(presented), nonce);
  return Buffer.concat([nonce, cipher.update(successor), cipher.final(), cipher.getAuthTag()]);
}

/** @throws when it was not sealed under this token */
export function openSuccessor(presented: Uint8Array, sealed: Uint8Array): Buffer {
  const nonce = sealed.subarray(0, nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(presented), nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}

function keyOf(presented: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', presented, '', 'bulkhead refresh successor', 32));
}
