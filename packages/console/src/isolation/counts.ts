const format = new Intl.NumberFormat('en-GB');

/** A count with its thousands set apart; null, because counting took too long, is said so. */
export function countText(count: number | null): string {
  return count === null ? 'too many to count' : format.format(count);
}
