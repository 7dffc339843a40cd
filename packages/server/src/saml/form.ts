import { isUtf8 } from 'node:buffer';
import { RefusalError } from '../problem/refusal.ts';

/** Bytes of a posted answer: a large assertion in Base64, percent-encoded. */
export const formLimit = 640 * 1024;

/**
 * Reads an urlencoded form in which every field stands once.
 *
 * @throws RefusalError invalid_input 400
 */
export function readForm(body: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (!isUtf8(body)) throw new RefusalError(invalid);
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    if (fields.has(name) || fields.size >= 20) throw new RefusalError(invalid);
    fields.set(name, value);
  }
  return fields;
}

const invalid = { status: 400, code: 'invalid_input', message: 'The input is not valid.' };
