/** What a comparison of two samples says about whether they can be told apart. */
export type RankTest = {
  /** Chance that a random value of the first is greater than one of the second; 0.5: nothing tells them apart. */
  superiority: number;
  /** Standard deviations that this lies from 0.5, if both were of one distribution. */
  z: number;
};

/**
 * Mann-Whitney's U test (Wilcoxon's rank sum), two-sided, with the correction for ties: whether values of one sample tend
 * to be greater than those of the other, whatever their distribution. For samples of 20 and more each.
 */
export function rankTest(first: readonly number[], second: readonly number[]): RankTest {
  const all = [
    ...first.map((value) => ({ value, mine: true })),
    ...second.map((value) => ({ value, mine: false })),
  ].toSorted((a, b) => a.value - b.value);
  let rankSum = 0;
  let ties = 0;
  for (let start = 0; start < all.length;) {
    let end = start;
    while (end < all.length && all[end]?.value === all[start]?.value) end += 1;
    const rank = (start + end + 1) / 2;
    rankSum += rank * all.slice(start, end).filter(({ mine }) => mine).length;
    ties += (end - start) ** 3 - (end - start);
    start = end;
  }
  const [n, m] = [first.length, second.length];
  const u = rankSum - (n * (n + 1)) / 2;
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  return { superiority: u / (n * m), z: variance === 0 ? 0 : (u - (n * m) / 2) / Math.sqrt(variance) };
}

/** Milliseconds that each of two ways takes, `samples` times each, taking turns in random order. */
export async function interleave(
  ways: readonly [() => Promise<unknown>, () => Promise<unknown>],
  samples: number,
): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < samples; round += 1) {
    for (const way of Math.random() < 0.5 ? ([0, 1] as const) : ([1, 0] as const)) {
      const start = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is measured
      await ways[way]();
      times[way].push(performance.now() - start);
    }
  }
  return times;
}
