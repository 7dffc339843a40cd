/**
 * Exact decimal arithmetic on strings, as the server and the database do it. A value is `units`
 * divided by ten to the power `scale`; nothing here ever becomes a binary floating-point number.
 */
export type Decimal = { readonly units: bigint; readonly scale: number };

export const zero: Decimal = { units: 0n, scale: 0 };

const pattern = /^([+-]?)(\d+)(?:\.(\d+))?$/;
/** Digits accepted in all, so that pasted text cannot make the arithmetic slow. */
const mostDigits = 60;

/**
 * Reads a plain decimal such as `-12.50`. Spaces around it, spaces or commas between groups of exactly three
 * digits and a leading or trailing point (`.5`, `5.`) are accepted, since people paste them.
 *
 * @returns null when the text is no decimal number, or has more than 60 digits
 */
export function parseDecimal(text: string): Decimal | null {
  const match = pattern.exec(normalise(text));
  if (match === null) return null;
  const [, sign, whole = '', fraction = ''] = match;
  if (whole.length + fraction.length > mostDigits) return null;
  const units = BigInt(whole + fraction);
  return { units: sign === '-' ? -units : units, scale: fraction.length };
}

function normalise(text: string): string {
  const trimmed = text
    .trim()
    .replace(/^([+-]?)\.(?=\d)/, '$10.')
    .replace(/(?<=\d)\.$/, '');
  const grouped = /^[+-]?\d{1,3}(?:([ ,\u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?$/;
  return grouped.test(trimmed) ? trimmed.replace(/[ ,\u00a0\u202f]/g, '') : trimmed;
}

/** The canonical text: no plus sign, no group separators, as many decimals as the scale. */
export function decimalText({ units, scale }: Decimal): string {
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = scale === 0 ? '' : `.${digits.slice(-scale)}`;
  return `${negative ? '-' : ''}${whole}${fraction}`;
}

export function add(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return { units: unitsAt(left, scale) + unitsAt(right, scale), scale };
}

export function subtract(left: Decimal, right: Decimal): Decimal {
  return add(left, negate(right));
}

export function negate({ units, scale }: Decimal): Decimal {
  return { units: -units, scale };
}

export function multiply(left: Decimal, right: Decimal): Decimal {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

/** Rounds to `scale` decimals, halves away from zero: what `round(numeric, int)` does in Postgres. */
export function round(value: Decimal, scale: number): Decimal {
  if (value.scale <= scale) return { units: unitsAt(value, scale), scale };
  const divisor = 10n ** BigInt(value.scale - scale);
  const magnitude = value.units < 0n ? -value.units : value.units;
  const rounded = (magnitude * 2n + divisor) / (divisor * 2n);
  return { units: value.units < 0n ? -rounded : rounded, scale };
}

/** Negative, zero or positive as `left` is less than, equal to or greater than `right`. */
export function compare(left: Decimal, right: Decimal): -1 | 0 | 1 {
  const scale = Math.max(left.scale, right.scale);
  const difference = unitsAt(left, scale) - unitsAt(right, scale);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

export function sum(values: Iterable<Decimal>): Decimal {
  let total = zero;
  for (const value of values) total = add(total, value);
  return total;
}

/** The units at a scale no smaller than the value's own. */
function unitsAt(value: Decimal, scale: number): bigint {
  return value.units * 10n ** BigInt(scale - value.scale);
}
