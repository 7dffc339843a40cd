/** Merkle tree hashes and proofs of RFC 6962 section 2.1, with the iterative verification of RFC 9162 section 2.1.3. */
import { hash } from 'node:crypto';

/** Leaf before the first entry of a chain. */
export const noLeaf: Buffer = Buffer.alloc(32);

/** Root of the tree without leaves. */
export const emptyRoot: Buffer = hash('sha256', '', 'buffer');

// Hashing into a string and out of a reused buffer takes a third of the time of `hash(…, 'buffer')` of a new one.
const digest = (data: Buffer): Buffer => Buffer.from(hash('sha256', data, 'binary'), 'latin1');
const nodeData = Buffer.alloc(65, 1);
const leafData = Buffer.alloc(16_384);

/** An entry's leaf: SHA-256 over 0x00, the leaf before it (32 zero bytes for the first), its bytes. */
export function leafOf(previous: Buffer, entry: Buffer): Buffer {
  const length = 33 + entry.length;
  const data = length <= leafData.length ? leafData.subarray(0, length) : Buffer.alloc(length);
  previous.copy(data, 1);
  entry.copy(data, 33);
  return digest(data);
}

/** An inner node: SHA-256 over 0x01 and its children. */
export function nodeOf(left: Buffer, right: Buffer): Buffer {
  left.copy(nodeData, 1);
  right.copy(nodeData, 33);
  return digest(nodeData);
}

/** A tree that grows leaf by leaf and keeps no more than one hash for each level. */
export class GrowingTree {
  /** Roots of complete subtrees, largest first: those of the set bits of `size`. */
  readonly #peaks: Buffer[];
  #size: number;

  constructor(size = 0, peaks: readonly Buffer[] = []) {
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  /** With `size`, all that is needed to go on later. */
  get peaks(): readonly Buffer[] {
    return this.#peaks;
  }

  add(leaf: Buffer): void {
    let node = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      node = nodeOf(this.#peaks.pop() ?? noLeaf, node);
    }
    this.#peaks.push(node);
    this.#size += 1;
  }

  root(): Buffer {
    return this.#peaks.length === 0
      ? emptyRoot
      : this.#peaks.reduceRight((right, left) => nodeOf(left, right));
  }
}

/** Reads the root of the complete subtree of 2^level leaves that is number `index` from the left. */
export type NodeReader = (level: number, index: number) => Promise<Buffer>;

/** Largest power of two below n, for n > 1. */
function split(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** Root over the leaves from `start` to `end` - 1. `start` is a multiple of the largest power of two in the range. */
export async function rangeRoot(read: NodeReader, start: number, end: number): Promise<Buffer> {
  const width = end - start;
  if (width === 0) return emptyRoot;
  const level = Math.log2(width);
  if (Number.isInteger(level)) return read(level, start / width);
  const middle = start + split(width);
  return nodeOf(await rangeRoot(read, start, middle), await rangeRoot(read, middle, end));
}

/** PATH(m, D[n]) of RFC 6962 section 2.1.1: proves that leaf `index` is in the tree of `size` leaves. */
export async function inclusionProof(read: NodeReader, index: number, size: number): Promise<Buffer[]> {
  const path = async (start: number, end: number): Promise<Buffer[]> => {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...(await path(start, middle)), await rangeRoot(read, middle, end)]
      : [...(await path(middle, end)), await rangeRoot(read, start, middle)];
  };
  return path(0, size);
}

/** PROOF(m, D[n]) of RFC 6962 section 2.1.2: proves that the tree of `size` continues the one of `old` leaves. */
export async function consistencyProof(read: NodeReader, old: number, size: number): Promise<Buffer[]> {
  const proof = async (range: { start: number; end: number }, whole: boolean): Promise<Buffer[]> => {
    const { start, end } = range;
    if (old === end) return whole ? [] : [await rangeRoot(read, start, end)];
    const middle = start + split(end - start);
    return old <= middle
      ? [...(await proof({ start, end: middle }, whole)), await rangeRoot(read, middle, end)]
      : [...(await proof({ start: middle, end }, false)), await rangeRoot(read, start, middle)];
  };
  return old === 0 || old === size ? [] : proof({ start: 0, end: size }, true);
}

/** Whether `proof` shows that `leaf` stands at `index` of the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2). */
export function inclusionHolds(
  { leaf, index, size, root }: { leaf: Buffer; index: number; size: number; root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (index >= size) return false;
  let [node, last, result] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      result = nodeOf(sibling, result);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else result = nodeOf(result, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && result.equals(root);
}

/** Whether `proof` shows that the newer tree continues the older (RFC 9162 section 2.1.4.2). */
export function consistencyHolds(
  older: { size: number; root: Buffer },
  newer: { size: number; root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  if (older.size === 0) return proof.length === 0 && older.root.equals(emptyRoot);
  const path = Number.isInteger(Math.log2(older.size)) ? [older.root, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return false;
  let [node, last] = [older.size - 1, newer.size - 1];
  while (node % 2 === 1) [node, last] = [(node - 1) / 2, Math.floor(last / 2)];
  let [old, young] = [first, first];
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [old, young] = [nodeOf(sibling, old), nodeOf(sibling, young)];
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else young = nodeOf(young, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && old.equals(older.root) && young.equals(newer.root);
}
