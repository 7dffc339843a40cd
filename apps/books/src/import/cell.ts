/**
 * Characters that make a spreadsheet treat a cell as a formula (OWASP, "CSV Injection").
 * A cell that starts with one is given a leading apostrophe, which spreadsheets hide and import strips again.
 */
const formulaStart = /^[=+\-@\t\r]/;
const neutralised = /^'(?=[=+\-@\t\r'])/;

/** One CSV cell (RFC 4180), harmless in a spreadsheet. Null becomes an empty cell. */
export function toCell(value: string | null): string {
  if (value === null) return '';
  const safe = formulaStart.test(value) || neutralised.test(value) ? `'${value}` : value;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What a cell written by `toCell` held. */
export function fromCell(cell: string): string {
  return cell.replace(neutralised, '');
}

/** Lines of CSV with CRLF, as RFC 4180 has them. */
export function toCsv(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => `${row.map(toCell).join(',')}\r\n`).join('');
}
