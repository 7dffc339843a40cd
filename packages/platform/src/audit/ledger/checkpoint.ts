import type { Anchor } from './anchor.ts';
import { originOf, verifiersFor, type AuditIdentity } from './key.ts';
import { consistencyProof, rangeRoot } from './merkle.ts';
import {
  formatCheckpoint,
  parseCheckpoint,
  parseNote,
  signatureLine,
  signaturesOf,
  verifierOf,
  type Checkpoint,
} from './note.ts';
import type { LedgerPool } from './seal.ts';
import { keepTiles, TreeReader } from './treeReader.ts';

/** A chain is not a continuation of what was signed before. Nothing more is signed for it. */
export class InconsistentChain extends Error {
  override readonly name = 'InconsistentChain';
  readonly chain: string;

  constructor(chain: string, message: string) {
    super(message);
    this.chain = chain;
  }
}

export type CheckpointParts = {
  /** As bulkhead_worker. */
  readonly pool: LedgerPool;
  readonly identity: AuditIdentity;
  readonly anchors: readonly Anchor[];
};

export type SignedCheckpoint = Checkpoint & { readonly chain: string; readonly note: string };

/** Chains with entries that no checkpoint covers yet. */
export async function chainsToCheckpoint(pool: LedgerPool): Promise<{ chain: string; size: number }[]> {
  const { rows } = await pool.query(`
    select c.tenant_id as chain, c.size from bulkhead.audit_chain c
    where c.size > coalesce((select max(p.size) from bulkhead.audit_checkpoint p where p.tenant_id = c.tenant_id), 0)
    order by c.tenant_id`);
  return rows.map(({ chain, size }) => ({ chain: String(chain), size: Number(size) }));
}

async function sizeOf(pool: LedgerPool, chain: string): Promise<number> {
  const { rows } = await pool.query('select size from bulkhead.audit_chain where tenant_id = $1', [chain]);
  return Number(rows[0]?.['size'] ?? 0);
}

/** The latest statement signed for the chain that can be found: in the database or at an anchor. */
async function lastSigned(
  { pool, identity, anchors }: CheckpointParts,
  chain: string,
): Promise<Checkpoint | undefined> {
  const origin = originOf(identity, chain);
  const { rows } = await pool.query(
    'select note from bulkhead.audit_checkpoint where tenant_id = $1 order by size desc limit 1',
    [chain],
  );
  const notes = await Promise.all(anchors.map(async (anchor) => anchor.latest?.(origin)));
  const found = [...rows.map(({ note }) => String(note)), ...notes].flatMap((note) => {
    if (note === undefined) return [];
    const parsed = parseNote(note);
    const signed = signaturesOf(parsed, verifiersFor(identity.keys, origin)).length > 0;
    return signed ? [parseCheckpoint(parsed.text)] : [];
  });
  return found.toSorted((one, other) => other.size - one.size)[0];
}

/**
 * Signs the chain as it is, after making sure that it continues everything signed before (tlog-checkpoint: a log must not
 * sign what is inconsistent with what it signed), hands the note to the anchors and records it.
 *
 * @param size entries sealed in it; when more was signed meanwhile, what there is now is signed
 * @throws {InconsistentChain} when it was changed or rolled back
 */
export async function checkpointChain(
  parts: CheckpointParts,
  { chain, size: seen }: { chain: string; size: number },
): Promise<SignedCheckpoint & { refused: { anchor: string; error: unknown }[] }> {
  const { pool, identity, anchors } = parts;
  const origin = originOf(identity, chain);
  const before = await lastSigned(parts, chain);
  // Another server may have signed more meanwhile: what counts is what the chain is now.
  const size = before !== undefined && before.size > seen ? await sizeOf(pool, chain) : seen;
  await keepTiles(pool, chain, size);
  const { read } = new TreeReader(pool, chain);
  if (before !== undefined) {
    const continues = before.size <= size && (await rangeRoot(read, 0, before.size)).equals(before.root);
    if (!continues) {
      const message = `chain ${chain} with ${size} entries does not continue the checkpoint signed for ${before.size}: run bulkhead audit verify`;
      throw new InconsistentChain(chain, message);
    }
  }
  const root = await rangeRoot(read, 0, size);
  const text = formatCheckpoint({ origin, size, root });
  const raw = identity.keys[0]?.key.export({ type: 'spki', format: 'der' }).subarray(12) ?? Buffer.alloc(0);
  const verifier = verifierOf(origin, 0x01, raw);
  let note = `${text}\n${signatureLine(text, { verifier, secret: identity.secret })}`;
  const refused: { anchor: string; error: unknown }[] = [];
  const taken: string[] = [];
  for (const anchor of anchors) {
    try {
      note += await anchor.publish({ origin, size, note }, (old) => consistencyProof(read, old, size));
      taken.push(anchor.name);
    } catch (error) {
      refused.push({ anchor: anchor.name, error });
    }
  }
  await pool.query('select bulkhead.add_audit_checkpoint($1, $2, $3, $4)', [chain, size, root, note]);
  await pool.query(
    'select bulkhead.record_audit_anchoring($1, t.name, $3) from unnest($2::text[]) t (name)',
    [chain, taken, size],
  );
  return { chain, origin, size, root, note, refused };
}
