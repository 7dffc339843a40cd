/**
 * Whether the digits could be a payment card's number: an issuer's range, that issuer's lengths, and the check digit of
 * ISO/IEC 7812-1 (Luhn). Ranges: Visa 4; Mastercard 51-55, 2221-2720; American Express 34, 37; Diners Club 300-305, 3095,
 * 36, 38, 39; Discover 6011, 644-649, 65; JCB 3528-3589; UnionPay 62, 81; Maestro 5018, 5020, 5038, 5893, 6304, 6759,
 * 676; Mir 2200-2204. Visa's 13 digits, given out last decades ago, would take every tenth German or Japanese article number.
 */
export function isCardNumber(digits: string): boolean {
  return (
    issuers.some(({ range, lengths }) => lengths.has(digits.length) && range.test(digits)) &&
    passesLuhn(digits)
  );
}

const issuers: readonly { range: RegExp; lengths: ReadonlySet<number> }[] = [
  { range: /^4/, lengths: new Set([16, 19]) },
  { range: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: new Set([16]) },
  { range: /^3[47]/, lengths: new Set([15]) },
  { range: /^(?:30[0-5]|3095|3[689])/, lengths: new Set([14]) },
  { range: /^(?:6011|64[4-9]|65)/, lengths: new Set([16, 19]) },
  { range: /^35(?:2[89]|[3-8])/, lengths: new Set([16]) },
  { range: /^62/, lengths: new Set([16, 17, 18, 19]) },
  { range: /^81/, lengths: new Set([16, 19]) },
  { range: /^(?:50(?:18|20|38)|5893|6304|6759|676[1-3])/, lengths: new Set([16]) },
  { range: /^220[0-4]/, lengths: new Set([16]) },
];

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Blanks, dashes and signs that people and fonts put between a card's digits. */
const separators: ReadonlySet<string> = new Set(
  ' -./_\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\u2010\u2011\u2012\u2013\u2014\u2015\u2212',
);

/** Signs that nobody sees. */
const unseen = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;

/** Words that are written right before a number, e.g. on the tracks of a magnetic stripe (`%B`). */
const prefixes = /(?:^|[^a-z])(?:b|cc|card|amex|mastercard|mc|no|nr|num|number|pan|visa)[_.:#]?$/i;

/** How the digits stand on cards: 4-4-4-4 with 1 to 3 more, or 1 at the end; 4-6-5; 4-6-4. */
const groupings: ReadonlySet<string> = new Set(['4444', '44441', '44442', '44443', '4441', '465', '464']);

/**
 * Whether a text holds a payment card's number: in one piece, or in the groups that stand on a card, always with the same
 * separator; an expiry date may follow. Neither is part of a longer word or number, such as a UUID, an IBAN or a digest.
 * Fourteen digits (Diners Club) count in groups alone: in one piece they are as well a SIRET, whose check digit is the same.
 * Takes time in proportion to the text, whatever it is.
 */
export function holdsCardNumber(text: string): boolean {
  if (text.length < 13) return false;
  // Other scripts' digits, and full-width ones, are digits to a reader.
  const plain = /[^\u0000-\u007f]/.test(text)
    ? text.replaceAll(unseen, '').replaceAll(/\p{Nd}/gu, asciiDigit)
    : text;
  for (let start = 0; start < plain.length;) {
    if (!isDigit(plain, start)) {
      start += 1;
      continue;
    }
    const end = endOfDigits(plain, start);
    if (holdsAt(plain, start, end)) return true;
    start = end;
  }
  return false;
}

/** Whether the run of digits from `start` to `end`, or the groups that begin with it, are a card's number. */
function holdsAt(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length >= 15 && length <= 19) {
    return beginsWord(text, start) && endsWord(text, end) && isCardNumber(text.slice(start, end));
  }
  if (length !== 4 || !beginsWord(text, start) || followsDigits(text, start)) return false;
  const between = separatorAt(text, end);
  let [digits, shape, at] = [text.slice(start, end), '4', end];
  // The longest grouping wins: what follows four groups may be the rest of the number, or a date.
  let found = false;
  while (between !== '' && shape.length < 5 && text.startsWith(between, at)) {
    const from = at + between.length;
    const to = endOfDigits(text, from);
    if (to === from || to - from > 6) break;
    digits += text.slice(from, to);
    shape += String(to - from);
    at = to;
    if (groupings.has(shape) && endsWord(text, at) && !goesOn(text, at) && isCardNumber(digits)) found = true;
  }
  return found;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (isDigit(text, end)) end += 1;
  return end;
}

/** One separator, or the same twice; empty for none. */
function separatorAt(text: string, at: number): string {
  const first = text[at] ?? '';
  if (!separators.has(first)) return '';
  return text[at + 1] === first ? first + first : first;
}

/** Not in the middle of a word, unless the word says that a card's number follows; not a number's fraction. */
function beginsWord(text: string, start: number): boolean {
  const before = text[start - 1] ?? '';
  if (/[A-Za-z_.:#]/.test(before) && prefixes.test(text.slice(Math.max(0, start - 12), start))) return true;
  return !/[A-Za-z_]/.test(before) && !(/[.,]/.test(before) && isDigit(text, start - 2));
}

function endsWord(text: string, end: number): boolean {
  return !/[A-Za-z]/.test(text[end] ?? '');
}

/** Groups after groups are an IBAN or the like; before a number in one piece they are another number. */
function followsDigits(text: string, start: number): boolean {
  return separators.has(text[start - 1] ?? '') && isDigit(text, start - 2);
}

/** Two more groups of four follow: what stands here is longer than a card's number and its date. */
function goesOn(text: string, end: number): boolean {
  let at = end;
  for (let groups = 0; groups < 2; groups += 1) {
    if (!separators.has(text[at] ?? '') || endOfDigits(text, at + 1) !== at + 5) return false;
    at += 5;
  }
  return true;
}

const zeros = new Map<number, number>();

/** Every script's digits stand ten in a row in Unicode, in order. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  if (code < 128) return digit;
  let zero = zeros.get(code);
  if (zero === undefined) {
    zero = code;
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    // There are some hundreds of digits in Unicode.
    zeros.set(code, zero);
  }
  return String(code - zero);
}
