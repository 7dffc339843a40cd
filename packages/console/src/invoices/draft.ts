import {
  add,
  compare,
  decimalText,
  multiply,
  parseDecimal,
  round,
  sum,
  zero,
  type Decimal,
} from '../money/decimal.ts';

/** A line as typed. `key` tells React which line is which; `ledgerAccountId` is kept from a stored line. */
export type DraftLine = {
  key: string;
  description: string;
  quantity: string;
  unitPrice: string;
  taxRate: string;
  ledgerAccountId?: string;
};

/** A line as the server wants it. */
export type GivenLine = Omit<DraftLine, 'key'>;

export type LineField = 'description' | 'quantity' | 'unitPrice' | 'taxRate';
export type LineErrors = Partial<Record<LineField, string>>;

export type DraftTotals = { net: string; tax: string; total: string };

const hundredth: Decimal = { units: 1n, scale: 2 };

/**
 * A line's net and tax, each rounded half away from zero to the currency's `minorUnits`, exactly as the books
 * do it; null while a number is missing or wrong.
 */
export function lineAmounts(line: DraftLine, minorUnits: number): { net: Decimal; tax: Decimal } | null {
  const quantity = parseDecimal(line.quantity);
  const price = parseDecimal(line.unitPrice);
  const rate = line.taxRate.trim() === '' ? zero : parseDecimal(line.taxRate);
  if (quantity === null || price === null || rate === null) return null;
  const net = round(multiply(quantity, price), minorUnits);
  return { net, tax: round(multiply(multiply(net, rate), hundredth), minorUnits) };
}

/** Sums of the lines that are complete. */
export function draftTotals(lines: readonly DraftLine[], minorUnits: number): DraftTotals {
  const amounts = lines.map((line) => lineAmounts(line, minorUnits)).filter((amount) => amount !== null);
  const net = sum(amounts.map((amount) => amount.net));
  const tax = sum(amounts.map((amount) => amount.tax));
  const [netText, taxText, totalText] = [net, tax, add(net, tax)].map((value) =>
    decimalText(round(value, minorUnits)),
  );
  return { net: netText ?? '', tax: taxText ?? '', total: totalText ?? '' };
}

/** What is wrong with a line, field by field; empty when it can be sent. */
export function lineErrors(line: DraftLine): LineErrors {
  const errors: LineErrors = {};
  if (line.description.trim() === '') errors.description = 'Describe what is sold.';
  const quantity = numberProblem(line.quantity, { most: '99999999.9999', decimals: 4 });
  if (quantity !== null) errors.quantity = quantity;
  else if (compareText(line.quantity, '0') === 0) errors.quantity = 'More than zero.';
  const price = numberProblem(line.unitPrice, { most: '99999999999999.9999', decimals: 4 });
  if (price !== null) errors.unitPrice = price;
  const rate = line.taxRate.trim() === '' ? null : numberProblem(line.taxRate, { most: '100', decimals: 2 });
  if (rate !== null) errors.taxRate = rate;
  return errors;
}

/** A valid line with its numbers in the plain form that the server takes. */
export function givenLine({
  description,
  quantity,
  unitPrice,
  taxRate,
  ledgerAccountId,
}: DraftLine): GivenLine {
  return {
    description: description.trim(),
    quantity: plain(quantity),
    unitPrice: plain(unitPrice),
    taxRate: taxRate.trim() === '' ? '0' : plain(taxRate),
    ...(ledgerAccountId === undefined ? {} : { ledgerAccountId }),
  };
}

export function emptyLine(key: string, taxRate = ''): DraftLine {
  return { key, description: '', quantity: '1', unitPrice: '', taxRate };
}

function numberProblem(text: string, { most, decimals }: { most: string; decimals: number }): string | null {
  const value = parseDecimal(text);
  if (value === null) return text.trim() === '' ? 'Needed.' : 'Not a number.';
  if (value.units < 0n) return 'Not below zero.';
  if (compare(round(value, decimals), value) !== 0) return `At most ${decimals} decimals.`;
  return compareText(text, most) > 0 ? `At most ${most}.` : null;
}

function compareText(left: string, right: string): -1 | 0 | 1 {
  return compare(parseDecimal(left) ?? zero, parseDecimal(right) ?? zero);
}

/** Without sign, separators and superfluous zeros after the point. */
function plain(text: string): string {
  const value = decimalText(parseDecimal(text) ?? zero);
  return value.includes('.') ? value.replace(/\.?0+$/, '') : value;
}
