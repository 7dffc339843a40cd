import { holdsCardNumber, isCardNumber } from './cardNumber.ts';

/** Whether there are digits enough for a card's number, escaped ones counted with their codes, or other scripts' ones. */
function isWorthALook(source: string): boolean {
  let digits = 0;
  for (let at = 0; at < source.length; at += 1) {
    const code = source.charCodeAt(at);
    if (code > 127) return true;
    if (code >= 48 && code <= 57 && (digits += 1) === 13) return true;
  }
  return false;
}

/** A number in JSON text, too long to be exact once it is parsed; a fraction of nothing is none. */
const longNumber = /(?<=[:[,\s-]|^)[0-9]{16,19}(?=(?:\.0*)?(?:[\s,\]}]|$))/g;

/** One with an exponent: 6.2055e18. */
const scaledNumber = /(?<=[:[,\s-]|^)([0-9])\.?([0-9]{0,18})[eE]\+?(1[4-8])(?=[\s,\]}]|$)/g;

/** What a long number says, digit by digit. */
function writtenOut(source: string): string[] {
  const plain = [...source.matchAll(longNumber)].map(([digits]) => digits);
  const scaled = [...source.matchAll(scaledNumber)].map(
    ([, first = '', rest = '', power = '']) => first + rest.padEnd(Number(power), '0'),
  );
  return [...plain, ...scaled];
}

/**
 * Finds a payment card's number anywhere in a JSON value, keys included (EDG-9).
 *
 * @param value the parsed value
 * @param text the bytes or text it was parsed from: what holds no digits is not searched, and long numbers are judged as written
 * @returns where, as a path such as `lines.0.note`; undefined when there is none. Never the number itself
 */
export function findCardNumber(value: unknown, text: string | Uint8Array): string | undefined {
  const source =
    typeof text === 'string'
      ? text
      : Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('utf8');
  if (!isWorthALook(source)) return undefined;
  let inexact = false;
  const pending: { path: string; item: unknown }[] = [{ path: '', item: value }];
  while (pending.length > 0) {
    const { path, item } = pending.pop() ?? { path: '', item: undefined };
    if (typeof item === 'string') {
      if (holdsCardNumber(item)) return path;
    } else if (typeof item === 'number') {
      const digits = String(Math.abs(item));
      if (Number.isSafeInteger(item) && digits.length > 14 && isCardNumber(digits)) return path;
      if (Math.abs(item) > Number.MAX_SAFE_INTEGER) inexact = true;
    } else if (typeof item === 'object' && item !== null) {
      for (const [key, child] of Object.entries(item)) {
        const inside = path === '' ? key : `${path}.${key}`;
        if (holdsCardNumber(key)) return path;
        pending.push({ path: inside, item: child });
      }
    }
  }
  if (!inexact) return undefined;
  return writtenOut(source).some(isCardNumber) ? '' : undefined;
}
