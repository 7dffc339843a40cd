/** Checks one chain entry by entry, in bounded memory, and says what was done to it. */
import { decodeEntry, encodeEntry, type EntryFields } from './encoding.ts';
import { GrowingTree, leafOf, noLeaf } from './merkle.ts';

/**
 * edited: an entry's bytes are not those that were sealed. swapped: two entries stand in each other's place. deleted: an
 * entry that was sealed is not there. inserted: an entry stands where none was sealed. rewritten: entries and links agree
 * with each other and not with what was signed. rolled_back: the whole chain is an older state of itself, or went on from
 * one. forged_checkpoint: a signature is wrong. malformed: it cannot be read as what it says it is.
 */
export type FindingKind =
  | 'edited'
  | 'swapped'
  | 'deleted'
  | 'inserted'
  | 'rewritten'
  | 'rolled_back'
  | 'forged_checkpoint'
  | 'malformed';

export type Finding = {
  readonly kind: FindingKind;
  /** Position of the first entry concerned. */
  readonly seq: number;
  /** Its id, where it is known. */
  readonly entryId: string | null;
  /** A sentence for the reader. */
  readonly detail: string;
};

/** What stands at a position of the chain. */
export type Link = {
  readonly seq: number;
  /** The leaf that the chain keeps for it. */
  readonly leaf: Buffer;
  /** The entry's bytes, used while the link is pushed; undefined when it is not there. */
  readonly entry: Buffer | undefined;
  /** True where nobody asked for the entry: its leaf alone is used. */
  readonly withheld?: boolean;
  /** What the link says of its entry, where it says so: names the field that was edited. */
  readonly claims?: { readonly id: string; readonly occurred_at: string; readonly tenant_id: string | null };
};

/** A checkpoint whose signature was found right. */
export type TrustedCheckpoint = {
  readonly size: number;
  readonly root: Buffer;
  /** Where it was kept: `database` or an anchor's name. */
  readonly source: string;
};

export type ChainReport = {
  readonly size: number;
  /** Entries whose bytes were hashed. */
  readonly entries: number;
  /** Entries behind a retention cut: their leaves are proved, their content is gone. */
  readonly cut: number;
  /** Entries that nobody asked for: their leaves are proved, their content was not looked at. */
  readonly withheld: number;
  /** Trusted checkpoints that the chain agrees with. */
  readonly checkpoints: number;
  /** Largest size among them; 0 without any: then nothing tells whether the end is missing. */
  readonly checkpointed: number;
  readonly findings: readonly Finding[];
  readonly root: Buffer;
};

type Suspect = { link: Link; previous: Buffer; bytes: Buffer };

const mostSuspects = 200;
const mostGaps = 10_000;

/** Fields that a link, or another entry in its place, may have kept as they were. */
const keptInPlace = [[], ['id'], ['id', 'occurred_at'], ['id', 'occurred_at', 'transaction_id']] as const;

function withClaims(
  fields: EntryFields,
  claims: NonNullable<Link['claims']>,
  names: readonly (keyof typeof claims)[],
) {
  return encodeEntry({ ...fields, ...Object.fromEntries(names.map((name) => [name, claims[name]])) });
}

/** Where a chain is joined in the middle: the tree before it, and the leaf of the entry before it. */
export type Start = { readonly size: number; readonly peaks: readonly Buffer[]; readonly previous: Buffer };

/** Push the links in order, then `finish`. */
export class ChainVerifier {
  readonly #tree: GrowingTree;
  /** Expected and not compared yet, smallest first; what is before `#due` is done with. */
  #checkpoints: TrustedCheckpoint[] = [];
  #largest: TrustedCheckpoint | undefined;
  /** Sizes of the largest one in the database, and of the largest of those that the chain agrees with. */
  #known = 0;
  #agreed = 0;
  /** Positions without an entry, as ranges from, to (exclusive). */
  readonly #absent: [number, number][] = [];
  readonly #moved = new Map<number, Finding>();
  readonly #findings: Finding[] = [];
  readonly #suspects: Suspect[] = [];
  readonly #lost: { link: Link; previous: Buffer }[] = [];
  /** Leaf before the next link; undefined behind a gap, where nobody knows it. */
  #previous: Buffer | undefined;
  #beforePrevious: Buffer | undefined;
  #next: number;
  #broken = false;
  #entries = 0;
  #withheld = 0;
  #matched = 0;
  #checkpointed: number;
  #due = 0;
  #mismatch: TrustedCheckpoint | undefined;

  /** @param options `checkpoints`: all there are, or those there are yet: `expect` takes more */
  constructor({ checkpoints, start }: { checkpoints: readonly TrustedCheckpoint[]; start?: Start }) {
    this.#tree = new GrowingTree(start?.size, start?.peaks);
    this.#next = start?.size ?? 0;
    this.#checkpointed = this.#next;
    this.#previous = start?.previous ?? noLeaf;
    for (const checkpoint of checkpoints.toSorted((one, other) => one.size - other.size))
      this.expect(checkpoint);
  }

  /** A checkpoint that the chain is to agree with: given before the links beyond it, smaller ones before larger ones. */
  expect(checkpoint: TrustedCheckpoint): void {
    if (checkpoint.size < this.#next) return;
    this.#remember(checkpoint);
    this.#checkpoints.push(checkpoint);
    this.#compare();
  }

  /** A checkpoint that comes after every link there is: of these the largest is kept. */
  foresee(checkpoint: TrustedCheckpoint): void {
    if (checkpoint.size <= this.#next) this.expect(checkpoint);
    else this.#remember(checkpoint);
  }

  #remember(checkpoint: TrustedCheckpoint): void {
    if (checkpoint.size >= (this.#largest?.size ?? 0)) this.#largest = checkpoint;
    if (checkpoint.source === 'database') this.#known = Math.max(this.#known, checkpoint.size);
  }

  get next(): number {
    return this.#next;
  }

  get sound(): boolean {
    return (
      this.#findings.length === 0 &&
      this.#suspects.length === 0 &&
      this.#absent.length === 0 &&
      this.#mismatch === undefined
    );
  }

  /** From here a later check may go on, if all up to here is sound. */
  get position(): Start {
    return { size: this.#next, peaks: [...this.#tree.peaks], previous: this.#previous ?? noLeaf };
  }

  push(link: Link): void {
    if (link.seq !== this.#next) this.#gap(link.seq);
    if (link.entry !== undefined) this.#present(link, link.entry);
    else if (link.withheld === true) this.#withheld += 1;
    else this.#lose(link);
    this.#tree.add(link.leaf);
    this.#beforePrevious = this.#previous;
    this.#previous = link.leaf;
    this.#next = link.seq + 1;
    this.#compare();
  }

  /**
   * An entry that no link names although it is older than what was sealed.
   *
   * @param options `elsewhere`: it stands in another chain, and is a finding of this one only if it was moved from here
   */
  stray(bytes: Buffer, { elsewhere = false } = {}): void {
    const fields = decodeEntry(bytes);
    const suspect = this.#lost.find(({ link, previous }) => {
      if (fields === undefined || link.claims === undefined) return false;
      return leafOf(previous, withClaims(fields, link.claims, ['id', 'occurred_at', 'tenant_id'])).equals(
        link.leaf,
      );
    });
    if (suspect !== undefined) {
      this.#moved.set(suspect.link.seq, this.#editedFields(suspect.link, fields));
      return;
    }
    if (elsewhere) return;
    const entryId = fields?.id ?? null;
    this.#findings.push({
      kind: 'inserted',
      seq: this.#next,
      entryId,
      detail: `entry ${entryId} was never sealed`,
    });
  }

  /** Positions whose entries are missing; a moved entry may be told from a deleted one by `stray`. */
  get lost(): readonly Link[] {
    return this.#lost.map(({ link }) => link);
  }

  /** @param cutBefore entries before this position may be missing: an entry of the chain says so */
  finish({ cutBefore = 0 } = {}): ChainReport {
    const cut = this.#missing(cutBefore);
    this.#classify();
    const largest = this.#largest;
    if (largest !== undefined && largest.size > this.#next) this.#short(largest);
    else if (this.#mismatch !== undefined && this.#findings.length === 0) this.#otherHistory(this.#mismatch);
    return {
      size: this.#next,
      entries: this.#entries,
      cut,
      withheld: this.#withheld,
      checkpoints: this.#matched,
      checkpointed: this.#checkpointed,
      findings: this.#findings.toSorted((one, other) => one.seq - other.seq),
      root: this.#tree.root(),
    };
  }

  #gap(seq: number): void {
    this.#broken = true;
    this.#previous = undefined;
    this.#beforePrevious = undefined;
    const last = seq - 1;
    const which = last === this.#next ? `entry ${this.#next}` : `entries ${this.#next} to ${last}`;
    this.#findings.push({
      kind: 'deleted',
      seq: this.#next,
      entryId: null,
      detail: `${which} of the chain and their links are missing`,
    });
  }

  #lose(link: Link): void {
    const range = this.#absent.at(-1);
    // Beyond so many the last one grows: how far the gaps reach decides whether a cut explains them, and must not be lost.
    if (range !== undefined && (range[1] === link.seq || this.#absent.length >= mostGaps))
      range[1] = link.seq + 1;
    else this.#absent.push([link.seq, link.seq + 1]);
    if (this.#lost.length < mostSuspects) this.#lost.push({ link, previous: this.#previous ?? noLeaf });
  }

  /** Turns absent positions into findings, but those before the cut. */
  #missing(cutBefore: number): number {
    let cut = 0;
    for (const [from, to] of this.#absent) {
      cut += Math.max(0, Math.min(to, cutBefore) - from);
      let start = Math.max(from, cutBefore);
      while (start < to) {
        const moved = this.#moved.get(start);
        let end = start + 1;
        while (end < to && !this.#moved.has(end) && moved === undefined) end += 1;
        this.#findings.push(moved ?? this.#deleted(start, end));
        start = end;
      }
    }
    return cut;
  }

  #deleted(start: number, end: number): Finding {
    const entryId = this.#lost.find(({ link }) => link.seq === start)?.link.claims?.id ?? null;
    const which =
      end - start === 1
        ? `entry ${entryId ?? start} was sealed and is`
        : `entries ${start} to ${end - 1} were sealed and are`;
    return { kind: 'deleted', seq: start, entryId, detail: `${which} missing` };
  }

  #present(link: Link, bytes: Buffer): void {
    this.#entries += 1;
    if (this.#previous === undefined || leafOf(this.#previous, bytes).equals(link.leaf)) return;
    if (this.#beforePrevious !== undefined && leafOf(this.#beforePrevious, bytes).equals(link.leaf)) {
      const inserted = this.#suspects.at(-1);
      if (inserted?.link.seq === link.seq - 1) this.#suspects.pop();
      this.#findings.push({
        kind: 'inserted',
        seq: link.seq - 1,
        entryId: null,
        detail: `the entry at ${link.seq - 1} was put between two that are linked to each other`,
      });
      return;
    }
    if (this.#suspects.length >= mostSuspects) return;
    this.#suspects.push({ link, previous: this.#previous, bytes: Buffer.from(bytes) });
  }

  #compare(): void {
    for (; this.#checkpoints[this.#due]?.size === this.#next; this.#due += 1) {
      const checkpoint = this.#checkpoints[this.#due];
      if (checkpoint === undefined) return;
      if (!this.#broken && this.#tree.root().equals(checkpoint.root)) {
        this.#matched += 1;
        if (checkpoint.source === 'database') this.#agreed = checkpoint.size;
        if (this.#mismatch === undefined) this.#checkpointed = checkpoint.size;
      } else this.#mismatch ??= checkpoint;
    }
    if (this.#due > 1000) [this.#checkpoints, this.#due] = [this.#checkpoints.slice(this.#due), 0];
  }

  #classify(): void {
    const rest = new Set(this.#suspects);
    for (const suspect of this.#suspects) {
      if (!rest.delete(suspect)) continue;
      const other = [...rest].find(
        (candidate) => this.#inPlaceOf(suspect, candidate) && this.#inPlaceOf(candidate, suspect),
      );
      if (other === undefined) {
        this.#findings.push(this.#edited(suspect));
        continue;
      }
      rest.delete(other);
      const entryId = suspect.link.claims?.id ?? decodeEntry(suspect.bytes)?.id ?? null;
      const detail = `the entries at ${suspect.link.seq} and ${other.link.seq} stand in each other's place`;
      this.#findings.push({ kind: 'swapped', seq: suspect.link.seq, entryId, detail });
    }
  }

  /** Whether the bytes found at `other` are what was sealed at `suspect`. */
  #inPlaceOf({ link, previous, bytes }: Suspect, other: Suspect): boolean {
    const [here, there] = [decodeEntry(bytes), decodeEntry(other.bytes)];
    if (here === undefined || there === undefined) return false;
    return keptInPlace.some((names) => {
      const kept = Object.fromEntries(names.map((name) => [name, here[name]]));
      return leafOf(previous, encodeEntry({ ...there, ...kept })).equals(link.leaf);
    });
  }

  #edited({ link, previous, bytes }: Suspect): Finding {
    const fields = decodeEntry(bytes);
    const { claims } = link;
    if (fields !== undefined && claims !== undefined) {
      const restored = withClaims(fields, claims, ['id', 'occurred_at', 'tenant_id']);
      if (leafOf(previous, restored).equals(link.leaf)) return this.#editedFields(link, fields);
    }
    const largest = this.#largest;
    // Renumbered after a removal, the entry behind the gap fits no predecessor, and the chain ends short.
    if (!this.#broken && largest !== undefined && this.#next < largest.size) {
      const missing = largest.size - this.#next;
      return {
        kind: 'deleted',
        seq: link.seq,
        entryId: null,
        detail: `${missing} removed before the entry at ${link.seq}, and the rest renumbered`,
      };
    }
    const entryId = claims?.id ?? fields?.id ?? null;
    return { kind: 'edited', seq: link.seq, entryId, detail: `entry ${entryId} is not what was sealed` };
  }

  #editedFields(link: Link, fields: EntryFields | undefined): Finding {
    const { claims } = link;
    const names = (['id', 'occurred_at', 'tenant_id'] as const).filter(
      (name) => fields?.[name] !== claims?.[name],
    );
    const entryId = claims?.id ?? null;
    return {
      kind: 'edited',
      seq: link.seq,
      entryId,
      detail: `entry ${entryId}: its ${names.join(' and ')} was edited`,
    };
  }

  #short(largest: TrustedCheckpoint): void {
    if (this.#findings.length > 0) return;
    if (
      largest.source !== 'database' &&
      this.#known <= this.#next &&
      this.#next > 0 &&
      this.#mismatch === undefined
    ) {
      const detail = `${largest.source} holds a checkpoint of ${largest.size} entries, and the database is a consistent older state with ${this.#next}`;
      this.#findings.push({ kind: 'rolled_back', seq: this.#next, entryId: null, detail });
      return;
    }
    const which = this.#next === 0 ? 'all entries' : `entries ${this.#next} to ${largest.size - 1}`;
    const detail = `${which} are missing: a checkpoint of ${largest.size} was signed (${largest.source})`;
    this.#findings.push({ kind: 'deleted', seq: this.#next, entryId: null, detail });
  }

  #otherHistory(mismatch: TrustedCheckpoint): void {
    const seq = this.#checkpointed;
    const later = this.#agreed >= mismatch.size;
    const kind = mismatch.source !== 'database' && later ? 'rolled_back' : 'rewritten';
    const what = kind === 'rewritten' ? 'was written anew' : 'went on from an older state';
    const detail = `from entry ${seq} on the chain ${what}: it does not have the root that was signed for ${mismatch.size} entries (${mismatch.source})`;
    this.#findings.push({ kind, seq, entryId: null, detail });
  }
}
