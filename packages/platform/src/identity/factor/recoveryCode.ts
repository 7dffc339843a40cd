import { hash as digest } from 'node:crypto';
import type { RandomBytes } from '../../random.ts';

/** How many codes an account holds. */
export const recoveryCodeCount = 10;

/** Crockford's base 32: no letter that is mistaken for a digit, and no U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 24 characters of 5 bits: 120 bits, past the 112 from which a plain hash suffices (NIST SP 800-63B section 5.1.2.2). */
const length = 24;

/** A new code, in six groups of four: `4T7N-…`. */
export function createRecoveryCode(randomBytes: RandomBytes): string {
  // 256 is a multiple of 32, so that the low five bits of a byte are uniform.
  const characters = Array.from(randomBytes(length), (byte) => alphabet[byte & 31] ?? '');
  return characters.join('').replaceAll(/.{4}(?=.)/g, '$&-');
}

/**
 * What is stored of a code: SHA-256 over its account and its characters. Case, spaces and dashes do not count, and what
 * is easily misread is read as meant (O as 0, I and L as 1).
 *
 * @returns null for what cannot be a code
 */
export function hashRecoveryCode(accountId: string, code: string): Buffer | null {
  const characters = code
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]{24}$/.test(characters)) return null;
  return digest('sha256', `bulkhead recovery code\0${accountId}\0${characters}`, 'buffer');
}
