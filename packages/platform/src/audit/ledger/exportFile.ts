/** Checks an export (docs/audit-format.md) without a database: JSON Lines of one chain with the exact bytes. */
import { ChainVerifier, type ChainReport, type Finding, type TrustedCheckpoint } from './chainVerifier.ts';
import { decodeEntry } from './encoding.ts';
import { ExportError, linesOf, readLink } from './exportLines.ts';
import type { Verifier } from './note.ts';
import { notesInHand, trustedInOrder, type NoteSource } from './notes.ts';

/** The first line of an export. */
export type ExportHeader = {
  readonly format: 'bulkhead-audit/1';
  readonly origin: string;
  /** Position of the first line; with `previous` and `peaks` when it is not 0. */
  readonly first: number;
  /** Entries are given for positions from `from` to `to` - 1; outside, leaves alone. */
  readonly from: number;
  readonly to: number;
  /** Leaf of the entry before `first`, base64. */
  readonly previous?: string;
  /** Roots of the complete subtrees over what is before `first`, largest first, base64. */
  readonly peaks?: readonly string[];
  /** Signed checkpoints of the chain. */
  readonly checkpoints: readonly string[];
};

/** One line for each position. */
export type ExportLine = { readonly seq: number; readonly leaf: string; readonly entry?: string };

export type ExportReport = ChainReport & { readonly origin: string };

function readHeader(line: Buffer): ExportHeader {
  try {
    const header = JSON.parse(line.toString()) as ExportHeader;
    if (header.format === 'bulkhead-audit/1' && Number.isSafeInteger(header.first)) return header;
  } catch {
    // Said below.
  }
  throw new ExportError('This is no export of an audit chain: its first line is no bulkhead-audit/1 header.');
}

function openVerifier(header: ExportHeader): ChainVerifier {
  if (header.first === 0) return new ChainVerifier({ checkpoints: [] });
  const peaks = (header.peaks ?? []).map((peak) => Buffer.from(peak, 'base64'));
  const previous = Buffer.from(header.previous ?? '', 'base64');
  return new ChainVerifier({ checkpoints: [], start: { size: header.first, peaks, previous } });
}

/** Hands a verifier its checkpoints as far as its links go, so that those of years are never in memory together. */
export class CheckpointFeed {
  readonly #stream: AsyncIterator<TrustedCheckpoint>;
  #head: TrustedCheckpoint | undefined;
  #ended = false;
  /** Trusted ones so far, and those that came from elsewhere than the database. */
  count = 0;
  elsewhere = 0;

  constructor(stream: AsyncIterable<TrustedCheckpoint>) {
    this.#stream = stream[Symbol.asyncIterator]();
  }

  async #next(): Promise<TrustedCheckpoint | undefined> {
    if (this.#head !== undefined || this.#ended) return this.#head;
    const { value, done } = (await this.#stream.next()) as IteratorResult<TrustedCheckpoint, undefined>;
    this.#ended = done === true;
    if (value === undefined) return undefined;
    this.count += 1;
    if (value.source !== 'database') this.elsewhere += 1;
    return (this.#head = value);
  }

  /** Before links up to a chain of this size are pushed. */
  async upTo(verifier: ChainVerifier, size: number): Promise<void> {
    for (let head = await this.#next(); head !== undefined && head.size <= size; head = await this.#next()) {
      this.#head = undefined;
      verifier.expect(head);
    }
  }

  /** After the last link. */
  async rest(verifier: ChainVerifier): Promise<void> {
    for (let head = await this.#next(); head !== undefined; head = await this.#next()) {
      this.#head = undefined;
      verifier.foresee(head);
    }
  }
}

/**
 * The position before which the entry at `seq` says that retention removed entries; 0 when it says nothing of the kind, or it
 * says so in another's name or of what comes after it: retention writes as a job that is nobody, behind what it cuts.
 */
export function cutIn(bytes: Buffer, seq: number): number {
  // Of an entry by a job, the action ends within 300 bytes.
  if (!bytes.subarray(0, 300).includes('9:audit.cut\n')) return 0;
  const fields = decodeEntry(bytes);
  if (fields?.action !== 'audit.cut' || fields.target_type !== 'bulkhead.audit_entry') return 0;
  if (fields.actor_kind !== 'job' || fields.actor_id !== null) return 0;
  const before = Number(/^\{"before" ?: ?([1-9][0-9]{0,15})\b(?![.eE])/.exec(fields.detail ?? '')?.[1] ?? 0);
  return before <= seq ? before : 0;
}

/**
 * @param options `anchors`: places that keep notes elsewhere, one of them at least of this chain; `onProgress` is told every 50,000 lines
 * @throws {ExportError} when it cannot be checked
 */
export async function verifyExport(
  path: string,
  options: {
    verifiers: readonly Verifier[];
    anchors?: readonly NoteSource[];
    onProgress?: (entries: number) => void;
  },
): Promise<ExportReport> {
  let header: ExportHeader | undefined;
  let verifier: ChainVerifier | undefined;
  let feed: CheckpointFeed | undefined;
  const forgeries: Finding[] = [];
  let [cutBefore, count] = [0, 0];
  for await (const lines of linesOf(path)) {
    let at = 0;
    if (header === undefined || verifier === undefined || feed === undefined) {
      header = readHeader(lines[0] ?? Buffer.alloc(0));
      at = 1;
      verifier = openVerifier(header);
      feed = new CheckpointFeed(
        trustedIn(header, { ...options, report: (finding) => keep(forgeries, finding) }),
      );
    }
    await feed.upTo(verifier, verifier.next + lines.length - at);
    for (; at < lines.length; at += 1) {
      const { seq, leaf, entry } = readLink(lines[at] ?? Buffer.alloc(0), verifier.next);
      if (entry !== undefined) cutBefore = Math.max(cutBefore, cutIn(entry, seq));
      verifier.push({ seq, leaf, entry, withheld: seq < header.from || seq >= header.to });
      count += 1;
      if (count % 50_000 === 0) options.onProgress?.(count);
    }
  }
  if (header === undefined || verifier === undefined || feed === undefined) {
    throw new ExportError('The file is empty.');
  }
  await feed.rest(verifier);
  const report = verifier.finish({ cutBefore });
  const findings = [...forgeries, ...report.findings];
  if (findings.length === 0) requireComparison(report, feed, options.anchors !== undefined);
  return { ...report, findings, origin: header.origin };
}

const mostForgeries = 200;

/** More of a kind would say no more. */
export function keep(findings: Finding[], finding: Finding): void {
  if (findings.length < mostForgeries) findings.push(finding);
}

function trustedIn(
  { origin, checkpoints }: ExportHeader,
  options: {
    verifiers: readonly Verifier[];
    anchors?: readonly NoteSource[];
    report: (finding: Finding) => void;
  },
): AsyncIterable<TrustedCheckpoint> {
  const own = notesInHand(checkpoints.map((note) => ({ note, source: 'database' })));
  return trustedInOrder([own, ...(options.anchors ?? [])], { ...options, origin });
}

/** A check that compared nothing is no check that passed. */
function requireComparison(report: ChainReport, feed: CheckpointFeed, anchored: boolean): void {
  if (report.checkpoints === 0) {
    throw new ExportError(
      feed.count === 0
        ? 'No checkpoint in it is signed by a key you gave, so nothing tells whether it is whole.'
        : 'No checkpoint covers what is in it, so nothing tells whether it is whole.',
    );
  }
  if (anchored && feed.elsewhere === 0) {
    throw new ExportError('The anchors hold no checkpoint of this chain that is signed by a key you gave.');
  }
}
