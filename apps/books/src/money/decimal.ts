/**
 * Exact decimals. An amount is a decimal string outside this file and a bigint of its smallest unit inside it;
 * it is never a float.
 */

/** How many digits a decimal may have, and which marks separate its decimals. */
export type DecimalForm = {
  /** Most digits before the decimal mark, at least 1. */
  integerDigits: number;
  /** Most digits after it, 0 or more. */
  scale: number;
  /** Accept `,` as the decimal mark beside `.`; default false. Thousands separators are never accepted. */
  comma?: boolean;
};

/**
 * The decimal in plain form: no sign, no leading zeros, `.` as the mark, decimals as given.
 * @returns undefined when `text` is no decimal of this form
 */
export function parseDecimal(
  text: string,
  { integerDigits, scale, comma = false }: DecimalForm,
): string | undefined {
  const match = (comma ? /^(\d+)(?:[.,](\d+))?$/ : /^(\d+)(?:\.(\d+))?$/).exec(text);
  if (match === null) return undefined;
  const [, whole = '', decimals = ''] = match;
  const digits = whole.replace(/^0+(?=\d)/, '');
  if (digits.length > integerDigits || decimals.length > scale) return undefined;
  return decimals === '' ? digits : `${digits}.${decimals}`;
}

/** A plain decimal as a whole number of 10^-scale; it must have no more decimals than that. */
export function toUnits(decimal: string, scale: number): bigint {
  const negative = decimal.startsWith('-');
  const [whole = '0', decimals = ''] = decimal.slice(negative ? 1 : 0).split('.');
  if (decimals.length > scale) throw new RangeError(`${decimal} has more than ${scale} decimals`);
  const units = BigInt(whole + decimals.padEnd(scale, '0'));
  return negative ? -units : units;
}

/** The plain decimal of a whole number of 10^-scale. */
export function fromUnits(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${units < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

/** `numerator / denominator` to a whole number, half away from zero: how `round(numeric)` of Postgres rounds. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const top = numerator < 0n ? -numerator : numerator;
  const bottom = denominator < 0n ? -denominator : denominator;
  const rounded = (top * 2n + bottom) / (bottom * 2n);
  return negative ? -rounded : rounded;
}

export type LineAmounts = { net: bigint; tax: bigint };

/** Net and tax of an invoice line in minor units, as the schema computes them. */
export function lineAmounts(
  line: { quantity: string; unitPrice: string; taxRate: string },
  minorUnits: number,
): LineAmounts {
  const product = toUnits(line.quantity, 4) * toUnits(line.unitPrice, 4);
  const net = divideRounded(product, 10n ** BigInt(8 - minorUnits));
  return { net, tax: divideRounded(net * toUnits(line.taxRate, 2), 10_000n) };
}
