import { isUtf8 } from 'node:buffer';
import type { Refusal } from '../problem/problem.ts';
import { RefusalError } from '../problem/refusal.ts';

const invalidText: Refusal = {
  status: 400,
  code: 'invalid_text',
  message: 'The text is not valid UTF-8 without NUL characters.',
};

const malformedJson: Refusal = {
  status: 400,
  code: 'malformed_json',
  message: 'The body is not valid JSON.',
};

/**
 * Parses a JSON body strictly: valid UTF-8 only (a lenient decoder would silently replace what
 * is not), no NUL and no lone surrogate, which Postgres cannot store.
 *
 * @param parse turns text into a value; throws on malformed or prototype-poisoning JSON
 * @throws {RefusalError} `invalid_text` or `malformed_json`, 400
 */
export function parseJsonBody(body: Buffer, parse: (text: string) => unknown): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new RefusalError(invalidText);
  const text = body.toString('utf8');
  const value = parseText(text, parse);
  // Both can only be written as escapes: a raw NUL is malformed JSON, a raw surrogate invalid UTF-8.
  if (text.includes('\\u') && !isStorable(value)) throw new RefusalError(invalidText);
  return value;
}

function parseText(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new RefusalError(malformedJson, { cause });
  }
}

/** True when every string in a parsed JSON value, keys included, can be stored. */
function isStorable(value: unknown): boolean {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'string') {
      if (next.includes('\0') || !next.isWellFormed()) return false;
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, item] of Object.entries(next)) pending.push(key, item);
    }
  }
  return true;
}

/** Refuses an address whose percent-encoding hides a NUL or is not UTF-8. */
export function refuseUrlText(url: string): Refusal | undefined {
  if (!url.includes('%')) return undefined;
  try {
    return decodeURIComponent(url).includes('\0') ? invalidText : undefined;
  } catch {
    return invalidText;
  }
}
