import { nodeOf, type NodeReader } from './merkle.ts';
import type { LedgerPool } from './seal.ts';

const width = 256;
const height = 8;

/**
 * Reads nodes of a chain's Merkle tree in tiles of 256: leaves from the links, complete subtrees of 256, 65,536, … leaves
 * from the tiles. One reader serves one checkpoint or proof, and keeps what it read.
 */
export class TreeReader {
  readonly #pool: LedgerPool;
  readonly #chain: string;
  readonly #tiles = new Map<string, Promise<Buffer[]>>();

  /** @param chain the tenant, or the nil UUID */
  constructor(pool: LedgerPool, chain: string) {
    this.#pool = pool;
    this.#chain = chain;
  }

  /** @throws {Error} when the chain does not reach that far */
  readonly read: NodeReader = async (level, index) => {
    if (level % height !== 0) {
      const [left, right] = await Promise.all([
        this.read(level - 1, index * 2),
        this.read(level - 1, index * 2 + 1),
      ]);
      return nodeOf(left, right);
    }
    const tile = await this.#tile(level / height, Math.floor(index / width));
    const hash = tile[index % width];
    if (hash !== undefined) return hash;
    if (level === 0) throw new Error(`the chain has no link ${index}`);
    // Not kept yet: from the level below.
    const [left, right] = [await this.read(level - 1, index * 2), await this.read(level - 1, index * 2 + 1)];
    return nodeOf(left, right);
  };

  #tile(level: number, index: number): Promise<Buffer[]> {
    const key = `${level}/${index}`;
    const known = this.#tiles.get(key);
    if (known !== undefined) return known;
    const read = this.#fetch(level, index);
    this.#tiles.set(key, read);
    return read;
  }

  async #fetch(level: number, index: number): Promise<Buffer[]> {
    const range = [this.#chain, index * width, (index + 1) * width];
    const { rows } =
      level === 0
        ? await this.#pool.query(
            'select seq as place, leaf as hash from bulkhead.audit_link where tenant_id = $1 and seq >= $2 and seq < $3 order by seq',
            range,
          )
        : await this.#pool.query(
            'select index as place, hash from bulkhead.audit_tile where tenant_id = $1 and index >= $2 and index < $3 and level = $4 order by index',
            [...range, level],
          );
    const tile: Buffer[] = [];
    for (const { place, hash } of rows) tile[Number(place) - index * width] = hash as Buffer;
    return tile;
  }
}

/** Keeps the complete subtrees up to `size` that are not kept yet: each leaf is read once for it, ever. */
export async function keepTiles(pool: LedgerPool, chain: string, size: number): Promise<void> {
  const reader = new TreeReader(pool, chain);
  for (let level = 1, span = width; span <= size; level += 1, span *= width) {
    const { rows } = await pool.query(
      'select coalesce(max(index) + 1, 0) as kept from bulkhead.audit_tile where tenant_id = $1 and level = $2',
      [chain, level],
    );
    const complete = Math.floor(size / span);
    for (let first = Number(rows[0]?.['kept']); first < complete; first += width) {
      const count = Math.min(width, complete - first);
      const hashes: Buffer[] = [];
      for (let index = first; index < first + count; index += 1) {
        const half = level * height - 1;
        hashes.push(nodeOf(await reader.read(half, index * 2), await reader.read(half, index * 2 + 1)));
      }
      await pool.query('select bulkhead.add_audit_tiles($1, $2, $3, $4)', [chain, level, first, hashes]);
    }
  }
}
