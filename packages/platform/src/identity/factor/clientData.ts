import { PlatformError } from '../../errors.ts';

/**
 * The challenge an authenticator's answer claims to be for (WebAuthn level 3, section 5.8.1). Nothing of it is believed
 * yet: the challenge is looked up by it, and the signature is verified over the same bytes afterwards.
 *
 * @param clientDataJson base64url
 * @throws PlatformError passkey_refused: not of this form, or given within another site's frame
 */
export function readChallenge(clientDataJson: string): Buffer {
  const data = parse(Buffer.from(clientDataJson, 'base64url').toString('utf8'));
  // verifyAuthenticationResponse lets `crossOrigin` pass where the browser names no top origin.
  if (data.crossOrigin === true) throw new PlatformError('passkey_refused');
  if (typeof data.challenge !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(data.challenge)) {
    throw new PlatformError('passkey_refused');
  }
  return Buffer.from(data.challenge, 'base64url');
}

function parse(text: string): { challenge?: unknown; crossOrigin?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    throw new PlatformError('passkey_refused', { cause: error });
  }
}
