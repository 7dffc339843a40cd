/**
 * Whether the digits could be a payment card's number: an issuer's range, that issuer's lengths, and the check digit of
 * ISO/IEC 7812-1 (Luhn). Ranges: Visa 4; Mastercard 51-55, 2221-2720; American Express 34, 37; Diners Club 300-305, 3095,
 * 36, 38, 39; Discover 6011, 644-649, 65; JCB 3528-3589; UnionPay 62, 81; Maestro 5018, 5020, 5038, 5893, 6304, 6759,
 * 676; Mir 2200-2204.
 */
export function isCardNumber(digits: string): boolean {
  return (
    issuers.some(({ range, lengths }) => lengths.has(digits.length) && range.test(digits)) &&
    passesLuhn(digits)
  );
}

const issuers: readonly { range: RegExp; lengths: ReadonlySet<number> }[] = [
  { range: /^4/, lengths: new Set([13, 16, 19]) },
  { range: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: new Set([16]) },
  { range: /^3[47]/, lengths: new Set([15]) },
  { range: /^(?:30[0-5]|3095|3[689])/, lengths: new Set([14]) },
  { range: /^(?:6011|64[4-9]|65)/, lengths: new Set([16, 19]) },
  { range: /^35(?:2[89]|[3-8])/, lengths: new Set([16]) },
  { range: /^(?:62|81)/, lengths: new Set([16, 17, 18, 19]) },
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

/** Blanks and dashes that people and fonts put between a card's digits. */
const separator = '[ \\u00a0\\u2007\\u202f\\u2010-\\u2015\\u2212-]';
// A number in one piece; or in the groups that stand on a card (4-4-4-4 with 1 to 3 more or 1 at the end; 4-6-5; 4-6-4),
// always with the same separator. Neither is part of a longer word or number: a UUID, an IBAN, a digest.
const candidate = new RegExp(
  `(?<![0-9A-Za-z_.+]|[0-9]${separator})(?:` +
    `[0-9]{13,19}` +
    `|[0-9]{4}(${separator}{1,2})[0-9]{4}\\1[0-9]{4}\\1[0-9]{4}(?:\\1[0-9]{1,3})?` +
    `|[0-9]{4}(${separator}{1,2})[0-9]{4}\\2[0-9]{4}\\2[0-9]` +
    `|[0-9]{4}(${separator}{1,2})[0-9]{6}\\3[0-9]{4,5}` +
    `)(?![0-9A-Za-z_]|${separator}[0-9]{4}(?![0-9]))`,
  'gu',
);
const uuid = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/giu;
const separators = new RegExp(separator, 'gu');

/** Whether a text holds a payment card's number, in one piece or in groups. */
export function holdsCardNumber(text: string): boolean {
  if (text.length < 13) return false;
  // Other scripts' digits, and full-width ones, are digits to a reader.
  const plain = (/[^\u0000-\u007f]/.test(text) ? asciiDigits(text) : text).replaceAll(uuid, 'u');
  for (const [found] of plain.matchAll(candidate)) {
    if (isCardNumber(found.replaceAll(separators, ''))) return true;
  }
  return false;
}

function asciiDigits(text: string): string {
  return text.normalize('NFKC').replaceAll(/[\p{Nd}]/gu, (digit) => {
    // Every script's digits stand ten in a row in Unicode; NFKC leaves those that are letters of their own script.
    const code = digit.codePointAt(0) ?? 0;
    if (code < 128) return digit;
    let zero = code;
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    return String(code - zero);
  });
}
