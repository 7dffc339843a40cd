import { hkdfSync } from 'node:crypto';

/**
 * A key for one purpose from a master key: HKDF-SHA256 (RFC 5869), without salt, the purpose as info. Whoever learns it
 * learns neither the master nor the key of another purpose.
 *
 * @param master at least 32 random bytes
 * @param purpose names the use for good, e.g. `bulkhead flow cookie`; a changed name is a changed key
 * @returns 32 bytes
 * @throws RangeError when the master is shorter than 32 bytes
 */
export function deriveKey(master: Uint8Array, purpose: string): Buffer {
  if (master.length < 32) throw new RangeError('a master key has at least 32 bytes');
  return Buffer.from(hkdfSync('sha256', master, '', purpose, 32));
}
