/** Number of single-character edits, neighbouring swaps included, from one word to another. */
function distance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let best = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) {
        best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length] ?? 0;
}

/**
 * The known word nearest to a mistyped one, or `undefined` when none is near: at most one edit
 * for each three letters (and at least one) is near.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

/** A sentence that offers the nearest known word, or points at a help page. */
export function didYouMean(word: string, known: readonly string[], help: string): string {
  const nearest = suggest(
    word.replace(/^-+/, ''),
    known.map((name) => name.replace(/^-+/, '')),
  );
  const written = known.find((name) => name.replace(/^-+/, '') === nearest);
  return written === undefined ? `See: ${help}` : `Did you mean ${written}? See: ${help}`;
}
