/** A way of doing one operation; `client` numbers the concurrent callers from 0. */
export type Way = (client: number) => Promise<unknown>;

export type Plan = {
  /** concurrent callers */
  clients: number;
  /** length of a slice, milliseconds */
  slice: number;
  /** slices of each way that count; one more before them warms up */
  rounds: number;
};

export type Comparison = {
  /** operations per second of each way, median over the rounds */
  rates: Record<string, number>;
  /**
   * How many times faster `way` is than `base`: the median of each round's own ratio, so that a machine that slows down
   * in the course of the run does not favour either.
   */
  ratio: (way: string, base: string) => number;
};

/** Runs the ways in turn, A B C A B C …, in the same process against the same server. */
export async function compare(ways: Record<string, Way>, plan: Plan): Promise<Comparison> {
  const names = Object.keys(ways);
  const rounds: Record<string, number>[] = [];
  for (let round = 0; round <= plan.rounds; round += 1) {
    const rates: Record<string, number> = {};
    for (const name of rotate(names, round)) rates[name] = await rate(ways[name] as Way, plan);
    if (round > 0) rounds.push(rates);
  }
  return {
    rates: Object.fromEntries(names.map((name) => [name, median(rounds.map((rates) => rates[name] ?? 0))])),
    ratio: (way, base) => median(rounds.map((rates) => (rates[way] ?? 0) / (rates[base] ?? 1))),
  };
}

async function rate(way: Way, { clients, slice }: Plan): Promise<number> {
  let count = 0;
  const begin = performance.now();
  const end = begin + slice;
  const caller = async (client: number): Promise<void> => {
    while (performance.now() < end) {
      await way(client);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => caller(client)));
  return (count * 1000) / (performance.now() - begin);
}

const rotate = (names: string[], by: number): string[] => {
  const at = by % names.length;
  return [...names.slice(at), ...names.slice(0, at)];
};

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Three significant digits are all that such a measurement is worth. */
export const rounded = (value: number): number => Number(value.toPrecision(3));
