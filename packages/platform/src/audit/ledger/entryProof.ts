import { chainOf, verifiersFor } from './key.ts';
import { inclusionHolds, leafOf } from './merkle.ts';
import { parseCheckpoint, parseNote, signaturesOf, type Verifier } from './note.ts';

/** Proves that one entry stands in a chain, to somebody who has nothing but the installation's public key. */
export type EntryProof = {
  readonly format: 'bulkhead-audit-proof/1';
  /** The signed note. */
  readonly checkpoint: string;
  /** Position of the entry. */
  readonly index: number;
  /** Leaf of the entry before it, base64: the first 32 bytes of what is hashed. */
  readonly previous: string;
  /** The entry's bytes, base64. */
  readonly entry: string;
  /** Audit path of RFC 6962 section 2.1.1, base64. */
  readonly path: readonly string[];
};

/**
 * Whether the proof holds under these keys.
 *
 * @throws {NoteError} when its checkpoint is malformed, or a signature of one of the keys is wrong
 */
export function proofHolds(proof: EntryProof, keys: readonly Verifier[]): boolean {
  const note = parseNote(proof.checkpoint);
  const { origin, size, root } = parseCheckpoint(note.text);
  if (chainOf(origin) === undefined || signaturesOf(note, verifiersFor(keys, origin)).length === 0)
    return false;
  const leaf = leafOf(Buffer.from(proof.previous, 'base64'), Buffer.from(proof.entry, 'base64'));
  const path = proof.path.map((hash) => Buffer.from(hash, 'base64'));
  return inclusionHolds({ leaf, index: proof.index, size, root }, path);
}
