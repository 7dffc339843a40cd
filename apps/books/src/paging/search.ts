/** An `ilike` pattern that finds the text itself anywhere; null when there is none. */
export function containing(search: string | undefined): string | null {
  return search === undefined || search === '' ? null : `%${search.replace(/[\\%_]/g, String.raw`\$&`)}%`;
}
