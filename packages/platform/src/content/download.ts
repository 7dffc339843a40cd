import { normaliseFileName } from './fileName.ts';

/**
 * Headers that let a browser save an answer and do nothing else with it, whatever it holds and whoever made it: not shown but
 * saved, of the type given and no other, without scripts, forms and the origin if it is shown all the same, and no part of
 * another site's page.
 */
const saved = {
  'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/**
 * Headers of a file that is to be saved.
 *
 * @param file.name any text; normalised as {@link normaliseFileName} does
 * @param file.type media type with its parameters
 */
export function downloadHeaders({ name, type }: { name: string; type: string }): Record<string, string> {
  return {
    ...saved,
    'content-type': type,
    'content-disposition': attachment(name),
    'cache-control': 'no-store',
  };
}

/**
 * The same for an answer that says itself that it is a file, in a `Content-Disposition` of its own: a name in it stays, and
 * whatever else it asks for, it is saved.
 */
export function savedHeaders(disposition: string): Record<string, string> {
  const parameters = /^\s*attachment\s*(;.*)?$/is.exec(disposition)?.[1] ?? '';
  return { ...saved, 'content-disposition': `attachment${parameters}` };
}

/**
 * `Content-Disposition: attachment` with the name (RFC 6266); where it is not ASCII, or holds what browsers decode, also in the
 * form of RFC 8187, and `_` for what older programs cannot read.
 */
export function attachment(name: string): string {
  const safe = normaliseFileName(name);
  const ascii = safe.replaceAll(/[^\x20-\x7e]/gu, '_').replaceAll(/["\\%;]/g, '_');
  const plain = `attachment; filename="${ascii}"`;
  return ascii === safe ? plain : `${plain}; filename*=UTF-8''${extended(safe)}`;
}

/** `value-chars` of RFC 8187 section 3.2.1: `encodeURIComponent` leaves four characters that it does not allow. */
function extended(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
