import { decimalText, parseDecimal, round } from './decimal.ts';

/**
 * An amount for reading: grouped by thousands, two decimals or more, a true minus sign.
 * Text that is no decimal is returned unchanged, so that nothing is hidden.
 */
export function readableAmount(text: string, decimals = 2): string {
  const value = parseDecimal(text);
  if (value === null) return text;
  const exact = decimalText(value.scale < decimals ? round(value, decimals) : value);
  const [whole = '', fraction] = exact.replace('-', '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = value.units < 0n ? '\u2212' : '';
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** An amount for the head of a chart's axis or a card: `1.2 m`, `340 k`; exact below ten thousand. */
export function shortAmount(text: string): string {
  const value = parseDecimal(text);
  if (value === null) return text;
  const magnitude = value.units < 0n ? -value.units : value.units;
  const whole = magnitude / 10n ** BigInt(value.scale);
  const sign = value.units < 0n ? '\u2212' : '';
  if (whole >= 1_000_000n) return `${sign}${tenths(whole, 1_000_000n)} m`;
  if (whole >= 10_000n) return `${sign}${(whole / 1000n).toString()} k`;
  return `${sign}${whole.toString().replace(/\B(?=(\d{3})+$)/g, ',')}`;
}

function tenths(whole: bigint, unit: bigint): string {
  return `${(whole / unit).toString()}.${((whole % unit) / (unit / 10n)).toString()}`;
}
