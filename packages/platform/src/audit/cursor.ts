import { createHmac, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '../errors.ts';

const macLength = 16;

/** Characters of a cursor: one of the tail names each transaction that was running, 20 digits and a comma at most. */
const longest = 12_000;

/**
 * A place in a list, for the client to hand back. The MAC binds it to the list it was made for (`scope`: the tenant and
 * the filters), so that what reaches SQL is what this server issued (T-43). It hides nothing.
 */
export function sealCursor(
  key: Uint8Array,
  { scope, position }: { scope: string; position: string },
): string {
  const body = Buffer.from(position, 'utf8');
  return Buffer.concat([mac(key, scope, body), body]).toString('base64url');
}

/**
 * The position in a cursor that this key sealed for this scope.
 *
 * @throws PlatformError cursor_invalid
 */
export function openCursor(key: Uint8Array, { scope, cursor }: { scope: string; cursor: string }): string {
  const bytes = Buffer.from(cursor.slice(0, longest), 'base64url');
  const body = bytes.subarray(macLength);
  const given = bytes.subarray(0, macLength);
  const canonical = bytes.toString('base64url') === cursor && body.length > 0;
  if (!canonical || !timingSafeEqual(given, mac(key, scope, body))) {
    throw new PlatformError('cursor_invalid', { field: 'cursor' });
  }
  return body.toString('utf8');
}

function mac(key: Uint8Array, scope: string, body: Buffer): Buffer {
  // The scope's length stands before it, so that no other scope and body give the same bytes.
  return createHmac('sha256', key)
    .update(`bulkhead cursor 1 ${Buffer.byteLength(scope)} ${scope}`)
    .update(body)
    .digest()
    .subarray(0, macLength);
}
