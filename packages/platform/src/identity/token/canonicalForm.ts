/** Longer than any token of ours, shorter than what would cost something to look at. */
const maximumLength = 4096;

export type TokenParts = {
  header: { alg: string; typ: string; kid: string };
  payload: Readonly<Record<string, unknown>>;
};

/**
 * Takes a compact JWS apart if it is spelled as this service spells its own: three segments of strict unpadded
 * base64url that encodes back to itself, JSON that serialises back to itself (so no member twice, no blank, no second
 * spelling of a number or a letter), a header of exactly alg, typ and kid. Nothing is verified here: it comes before
 * any library sees the token, because libraries accept several spellings of one token (T-41), and a cache or a
 * denylist that goes by spelling would then miss.
 *
 * @returns null for anything else
 */
export function readCanonicalToken(token: string): TokenParts | null {
  if (token.length > maximumLength) return null;
  const segments = token.split('.');
  const [header, payload, signature] = segments;
  if (segments.length !== 3 || header === undefined || payload === undefined || signature === undefined)
    return null;
  if (decode(signature) === null) return null;
  const head = readObject(header);
  const body = readObject(payload);
  if (head === null || body === null) return null;
  const { alg, typ, kid, ...others } = head;
  if (Object.keys(others).length > 0) return null;
  if (typeof alg !== 'string' || typeof typ !== 'string' || typeof kid !== 'string') return null;
  return { header: { alg, typ, kid }, payload: body };
}

function decode(segment: string): Buffer | null {
  if (!/^[A-Za-z0-9_-]+$/.test(segment)) return null;
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : null;
}

function readObject(segment: string): Record<string, unknown> | null {
  const bytes = decode(segment);
  if (bytes === null) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return JSON.stringify(value) === text ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
