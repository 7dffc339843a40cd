import { generateURI, ScureBase32Plugin, verifySync } from 'otplib';
import type { RandomBytes } from '../../random.ts';

/** Seconds a time step lasts (RFC 6238 section 5.2). */
export const stepSeconds = 30;

/** 160 bits, as RFC 4226 section 4 recommends. */
const secretBytes = 20;

const base32 = new ScureBase32Plugin();

export function createTotpSecret(randomBytes: RandomBytes): Buffer {
  return Buffer.from(randomBytes(secretBytes));
}

/** The secret in base32 (RFC 4648) without padding, for whoever cannot scan a QR code. */
export function totpSecretText(secret: Uint8Array): string {
  return base32.encode(secret);
}

/** The `otpauth:` address that an authenticator app reads from a QR code. SHA-1, 6 digits, 30 s: what every app can do. */
export function totpAddress(
  secret: Uint8Array,
  { issuer, label }: { issuer: string; label: string },
): string {
  return generateURI({ issuer, label, secret: totpSecretText(secret) });
}

/**
 * The time step whose code this is: the present one, or one on either side of it for a clock that is off by up to half
 * a minute and a code typed slowly. Null when the code is none of theirs. Whether the step was used is the caller's
 * to decide, in the statement that accepts it.
 *
 * @param code as typed; spaces are ignored
 * @param now milliseconds since the epoch
 */
export function matchTotpStep(secret: Uint8Array, code: string, now: number): number | null {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const epoch = Math.floor(now / 1000);
  const result = verifySync({ secret, token, epoch, epochTolerance: stepSeconds, period: stepSeconds });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}
