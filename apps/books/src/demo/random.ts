/** A repeatable source of numbers: the same seed gives the same sequence everywhere. Not for secrets. */
export type Random = {
  /** Whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** One of the items. */
  pick<Item>(items: readonly Item[]): Item;
  /** True in `percent` of a hundred calls. */
  chance(percent: number): boolean;
  /** UUID of version 4. */
  uuid(): string;
};

/** Mulberry32 (Tommy Ettinger, public domain), seeded by FNV-1a of the text. */
export function seededRandom(seed: string): Random {
  let state =
    [...seed].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619), 2_166_136_261) >>>
    0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const between = (low: number, high: number): number => low + (next() % (high - low + 1));
  return {
    between,
    pick: (items) => items[between(0, items.length - 1)] as (typeof items)[number],
    chance: (percent) => between(1, 100) <= percent,
    uuid: () => {
      const bytes = Buffer.alloc(16);
      for (let offset = 0; offset < 16; offset += 4) bytes.writeUInt32BE(next(), offset);
      bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
      bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
      const hex = bytes.toString('hex');
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
        '-',
      );
    },
  };
}
