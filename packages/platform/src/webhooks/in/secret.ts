import { PlatformError } from '../../errors.ts';
import type { RandomBytes } from '../../random.ts';
import type { WebhookScheme } from './source.ts';

const prefix = 'whsec_';
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The key bytes that a secret stands for. Stripe and generic sources sign with the text itself; Standard Webhooks and
 * Svix with what its Base64 holds, 24 to 64 bytes.
 *
 * @throws PlatformError input_invalid, field `secret`
 */
export function keyOfSecret(scheme: WebhookScheme, secret: string): Uint8Array {
  if (scheme === 'stripe' || scheme === 'generic') {
    if (/^[!-~]{16,512}$/.test(secret)) return Buffer.from(secret, 'utf8');
    throw invalid('The secret is 16 to 512 visible characters.');
  }
  const encoded = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
  const key = base64.test(encoded) ? Buffer.from(encoded, 'base64') : Buffer.alloc(0);
  if (key.length >= 24 && key.length <= 64) return key;
  throw invalid('The secret is whsec_ and 24 to 64 bytes in Base64, as the sender shows it.');
}

/** A secret of 256 bits, in the form its scheme writes it. */
export function newSecret(scheme: WebhookScheme, randomBytes: RandomBytes): string {
  const bytes = Buffer.from(randomBytes(32));
  return scheme === 'generic' ? bytes.toString('hex') : `${prefix}${bytes.toString('base64')}`;
}

function invalid(message: string): PlatformError {
  return new PlatformError('input_invalid', { field: 'secret', message });
}
