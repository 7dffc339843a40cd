/**
 * One line of CSV (RFC 4180), for spreadsheets that would run a cell as a formula: a cell that begins with `=`, `+`, `-`,
 * `@` (also in their full-width forms), a tab or a line break is given a leading apostrophe, and so is what follows a
 * semicolon, tab or line break within: where the list separator is a semicolon, a spreadsheet begins a cell there, quoted or not
 * (OWASP, CSV Injection). Null is an empty cell.
 */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | null): string {
  if (value === null) return '';
  const harmless = value.replaceAll(
    /^(?=[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n])|(?<=[;\t\r\n])(?=["' ]*[=+\-@\uff1d\uff0b\uff0d\uff20])/g,
    "'",
  );
  return /[",\r\n\t']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
