/**
 * Where spreadsheets begin a cell: at its start, and within it after a semicolon, a tab or a line break, quoted or not, since
 * one whose list separator is a semicolon reads commas as text. There `=`, `+`, `-`, `@`, also in their full-width forms,
 * start a formula, and so they do behind quotes, apostrophes and blanks, which some strip; a cell that starts with a tab or a
 * line break is dangerous as a whole (OWASP, CSV Injection).
 */
const dangerous = /(?<![^;\t\r\n])(?=["' ]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^["' ]*[\t\r\n])/g;
const neutralised = /(?<![^;\t\r\n])'(?=["' ]*[=+\-@\uff1d\uff0b\uff0d\uff20]|(?<=^')["' ]*[\t\r\n])/g;

/** One line of CSV (RFC 4180, with CRLF), harmless in a spreadsheet. Null is an empty cell. */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * A cell that no spreadsheet runs: an apostrophe stands wherever a formula would begin. Spreadsheets do not show it at the
 * start of a cell, and {@link csvValue} takes it away again.
 */
export function csvCell(value: string | null): string {
  if (value === null) return '';
  const harmless = value.replaceAll(dangerous, "'");
  return /[",\r\n\t']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** What a cell that {@link csvCell} wrote held, once the quotes of CSV are off; any other cell as it is. */
export function csvValue(cell: string): string {
  return cell.replaceAll(neutralised, '');
}
