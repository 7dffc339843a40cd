import { isUtf8 } from 'node:buffer';
import { findCardNumber } from '@bulkhead/platform/card';
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

/** Shows where, never what: the number itself is neither answered nor logged (EDG-9). */
function cardRefusal(path: string): Refusal {
  return {
    status: 422,
    code: 'card_data_refused',
    message:
      'This looks like the number of a payment card. Card data must not be entered here: pay on the payment service’s own page.',
    ...(path === '' ? {} : { issues: [{ path, message: 'looks like the number of a payment card' }] }),
  };
}

/**
 * Parses a JSON body strictly: valid UTF-8 only (a lenient decoder would silently replace what
 * is not), no NUL and no lone surrogate, which Postgres cannot store; and no number of a payment card.
 *
 * @param parse turns text into a value; throws on malformed or prototype-poisoning JSON
 * @throws {RefusalError} `invalid_text` or `malformed_json`, 400; `card_data_refused`, 422
 */
export function parseJsonBody(body: Buffer, parse: (text: string) => unknown): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new RefusalError(invalidText);
  const text = body.toString('utf8');
  const value = parseText(text, parse);
  // Both can only be written as escapes: a raw NUL is malformed JSON, a raw surrogate invalid UTF-8.
  if (text.includes('\\u') && !isStorable(value)) throw new RefusalError(invalidText);
  const card = findCardNumber(value, text);
  if (card !== undefined) throw new RefusalError(cardRefusal(card));
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

const fragment: Refusal = { status: 400, code: 'url_malformed', message: 'The address is not valid.' };

/**
 * Refuses an address whose percent-encoding hides a NUL or is not UTF-8, and one with a fragment, which no request has
 * (RFC 9112 section 3.2.1) and which some servers cut off.
 */
export function refuseUrlText(url: string): Refusal | undefined {
  if (url.includes('#')) return fragment;
  if (!url.includes('%')) return undefined;
  try {
    return decodeURIComponent(url).includes('\0') ? invalidText : undefined;
  } catch {
    return invalidText;
  }
}
