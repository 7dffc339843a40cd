/** Checks an export (docs/audit-format.md) without a database: JSON Lines of one chain with the exact bytes. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChainVerifier, type ChainReport, type Finding, type TrustedCheckpoint } from './chainVerifier.ts';
import { decodeEntry } from './encoding.ts';
import { ExportError, linesOf, readLink } from './exportLines.ts';
import { verifiersFor } from './key.ts';
import { parseCheckpoint, parseNote, signaturesOf, type Verifier } from './note.ts';

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

/** The checkpoints of `origin` among these notes that one of the keys has signed; a wrong signature is a finding. */
export function trustedCheckpoints(
  notes: Iterable<{ readonly note: string; readonly source: string }>,
  origin: string,
  verifiers: readonly Verifier[],
): { checkpoints: TrustedCheckpoint[]; findings: Finding[] } {
  const checkpoints: TrustedCheckpoint[] = [];
  const findings: Finding[] = [];
  const ofOrigin = verifiersFor(verifiers, origin);
  for (const { note, source } of notes) {
    try {
      const parsed = parseNote(note);
      const { origin: of, size, root } = parseCheckpoint(parsed.text);
      if (of !== origin) continue;
      // A wrong signature throws; a note by unknown keys alone says nothing, and is not relied upon.
      if (signaturesOf(parsed, ofOrigin).length > 0) checkpoints.push({ size, root, source });
    } catch (error) {
      const detail = `a checkpoint (${source}): ${error instanceof Error ? error.message : String(error)}`;
      findings.push({ kind: 'forged_checkpoint', seq: 0, entryId: null, detail });
    }
  }
  return { checkpoints, findings };
}

/** The notes that a directory anchor keeps, or one file. */
export async function readAnchor(path: string): Promise<{ note: string; source: string }[]> {
  const source = `anchor ${path}`;
  try {
    const names = await readdir(path, { recursive: true });
    const files = names.filter((name) => name.endsWith('.note')).toSorted();
    return await Promise.all(
      files.map(async (name) => ({ note: await readFile(join(path, name), 'utf8'), source })),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    return [{ note: await readFile(path, 'utf8'), source }];
  }
}

function readHeader(line: Buffer): ExportHeader {
  try {
    const header = JSON.parse(line.toString()) as ExportHeader;
    if (header.format === 'bulkhead-audit/1' && Number.isSafeInteger(header.first)) return header;
  } catch {
    // Said below.
  }
  throw new ExportError('This is no export of an audit chain: its first line is no bulkhead-audit/1 header.');
}

function openVerifier(header: ExportHeader, checkpoints: TrustedCheckpoint[]): ChainVerifier {
  if (header.first === 0) return new ChainVerifier({ checkpoints });
  const peaks = (header.peaks ?? []).map((peak) => Buffer.from(peak, 'base64'));
  const previous = Buffer.from(header.previous ?? '', 'base64');
  return new ChainVerifier({ checkpoints, start: { size: header.first, peaks, previous } });
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
 * @param options `anchors`: notes kept elsewhere, one of them at least of this chain; `onProgress` is told every 50,000 lines
 * @throws {ExportError} when it cannot be checked
 */
export async function verifyExport(
  path: string,
  options: {
    verifiers: readonly Verifier[];
    anchors?: readonly { note: string; source: string }[];
    onProgress?: (entries: number) => void;
  },
): Promise<ExportReport> {
  let header: ExportHeader | undefined;
  let verifier: ChainVerifier | undefined;
  let trusted: ReturnType<typeof trustedCheckpoints> = { checkpoints: [], findings: [] };
  let [cutBefore, count] = [0, 0];
  for await (const lines of linesOf(path)) {
    for (const line of lines) {
      if (header === undefined || verifier === undefined) {
        header = readHeader(line);
        const notes = [
          ...header.checkpoints.map((note) => ({ note, source: 'database' })),
          ...(options.anchors ?? []),
        ];
        trusted = trustedCheckpoints(notes, header.origin, options.verifiers);
        verifier = openVerifier(header, trusted.checkpoints);
        continue;
      }
      const { seq, leaf, entry } = readLink(line, verifier.next);
      if (entry !== undefined) cutBefore = Math.max(cutBefore, cutIn(entry, seq));
      verifier.push({ seq, leaf, entry, withheld: seq < header.from || seq >= header.to });
      count += 1;
      if (count % 50_000 === 0) options.onProgress?.(count);
    }
  }
  if (header === undefined || verifier === undefined) throw new ExportError('The file is empty.');
  const report = verifier.finish({ cutBefore });
  const findings = [...trusted.findings, ...report.findings];
  if (findings.length === 0) requireComparison(report, trusted.checkpoints, options.anchors);
  return { ...report, findings, origin: header.origin };
}

/** A check that compared nothing is no check that passed. */
function requireComparison(
  report: ChainReport,
  trusted: readonly TrustedCheckpoint[],
  anchors: readonly unknown[] | undefined,
): void {
  if (report.checkpoints === 0) {
    throw new ExportError(
      trusted.length === 0
        ? 'No checkpoint in it is signed by a key you gave, so nothing tells whether it is whole.'
        : 'No checkpoint covers what is in it, so nothing tells whether it is whole.',
    );
  }
  if (anchors !== undefined && trusted.every(({ source }) => source === 'database')) {
    throw new ExportError('The anchors hold no checkpoint of this chain that is signed by a key you gave.');
  }
}
