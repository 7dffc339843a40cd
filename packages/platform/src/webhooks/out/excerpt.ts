const mostCharacters = 300;

/** What looks like a secret or a person, and what stands in the log instead. In this order. */
const masks: readonly [RegExp, string][] = [
  [/-----BEGIN [^-]*-----[\s\S]*?(?:-----END [^-]*-----|$)/g, '[key]'],
  [/\b(bearer|basic|token)\s+[\w.~+/=-]{6,}/gi, '$1 [secret]'],
  [
    /((?:password|passwd|pwd|secret|token|api[-_]?key|authorization|cookie|session|credential)[\w-]*"?\s*[:=]\s*)("[^"]*"?|[^\s,;&}]+)/gi,
    '$1[secret]',
  ],
  [/[^\s@<>"',;:()]+@[^\s@<>"',;:()]+\.[a-z]{2,}/gi, '[address]'],
  [/\b(?:\d[ -]?){13,19}\b/g, '[number]'],
  [/[\w+/=-]{24,}/g, '[opaque]'],
];

/**
 * The beginning of an answer for the delivery log: at most 300 characters of one line, without control characters, with
 * credentials, keys, addresses of people, long numbers and opaque strings masked. For telling what went wrong, no more.
 */
export function excerpt(body: string): string | null {
  const oneLine = body
    .slice(0, 4 * mostCharacters)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffd\s]+/gu, ' ')
    .trim();
  const masked = masks.reduce((text, [pattern, mask]) => text.replaceAll(pattern, mask), oneLine);
  const characters = Array.from(masked);
  const cut = characters.slice(0, mostCharacters).join('');
  if (cut === '') return null;
  return characters.length > mostCharacters ? `${cut}…` : cut;
}
