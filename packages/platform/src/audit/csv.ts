/**
 * One line of CSV (RFC 4180), for spreadsheets that would run a cell as a formula: a cell that begins with `=`, `+`, `-`,
 * `@` (also in their full-width forms), a tab or a line break is given a leading apostrophe
 * (OWASP, CSV Injection). Null is an empty cell.
 */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | null): string {
  if (value === null) return '';
  const harmless = /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n\t']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
