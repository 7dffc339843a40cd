import type { TenantSession } from '@bulkhead/kernel';
import { importMaxErrors } from '../contract/import.ts';
import type { ImportError, ImportEvent, ImportMode } from '../contract/index.ts';
import type { Queries } from '../session.ts';
import { readRecords, type Columns, type CsvFile } from './records.ts';
import { assertCsv, readText, UnreadableFile } from './text.ts';

export type Progress = Extract<ImportEvent, { type: 'progress' }>;
export type Done = Extract<ImportEvent, { type: 'done' }>;

/** How one kind of file is imported. `Read` is what its records make, `Ready` what can be written. */
export type ImportKind<Read, Ready> = {
  columns: Columns;
  /** Judges the records by themselves. */
  read(file: CsvFile): { good: Read[]; problems: ImportError[] };
  /** Judges them against the database. */
  match(session: Queries, read: readonly Read[]): Promise<{ good: Ready[]; problems: ImportError[] }>;
  write(session: Queries, batch: readonly Ready[]): Promise<void>;
  /** Records of the file behind what is to be written. */
  recordsOf(ready: Ready): number;
};

export type ImportRequest = {
  session: TenantSession;
  csv: string;
  mode: ImportMode;
  onProgress: (progress: Progress) => void;
  /** Aborted when nobody waits for the result any more: nothing is written then. */
  signal: AbortSignal;
};

const batchSize = 500;

/** Thrown inside the transaction of a dry run to undo it. */
class DryRunOver extends Error {}

/**
 * Imports a file in one transaction: all of what is to be written, or nothing.
 * @throws {DataError} when the database refuses what the checks let pass, for instance because another import wrote
 *   the same codes meanwhile; nothing is written
 * @throws the signal's reason once it is aborted
 */
export async function runImport<Read, Ready>(
  kind: ImportKind<Read, Ready>,
  request: ImportRequest,
): Promise<Done> {
  const file = await readFile(kind.columns, request.csv);
  if (file instanceof UnreadableFile) return outcome({ total: 0, imported: 0, problems: [file.problem] });
  const total = file.records.length;
  request.onProgress({ type: 'progress', stage: 'reading', done: total, total });
  const { good: read, problems } = kind.read(file);
  let ready: Ready[] = [];
  let imported = 0;
  try {
    await request.session.transaction(async (tx) => {
      const matched = await kind.match(tx, read);
      problems.push(...matched.problems);
      ready = matched.good;
      if (problems.length > 0 && request.mode !== 'skip-bad-lines') return;
      imported = await writeAll(kind, { ...request, tx, ready });
      if (request.mode === 'dry-run') throw new DryRunOver();
    });
  } catch (error) {
    if (!(error instanceof DryRunOver)) throw error;
    return outcome({ total, imported: 0, problems });
  }
  return outcome({ total, imported, problems });
}

async function readFile(columns: Columns, csv: string): Promise<CsvFile | UnreadableFile> {
  try {
    const text = readText(csv);
    await assertCsv(text);
    return await readRecords(text, columns);
  } catch (error) {
    if (error instanceof UnreadableFile) return error;
    throw error;
  }
}

type Writing<Ready> = Pick<ImportRequest, 'onProgress' | 'signal'> & { tx: Queries; ready: readonly Ready[] };

async function writeAll<Ready>(
  kind: Pick<ImportKind<unknown, Ready>, 'write' | 'recordsOf'>,
  { tx, ready, onProgress, signal }: Writing<Ready>,
): Promise<number> {
  const total = ready.reduce((sum, one) => sum + kind.recordsOf(one), 0);
  let done = 0;
  for (let start = 0; start < ready.length; start += batchSize) {
    signal.throwIfAborted();
    const batch = ready.slice(start, start + batchSize);
    await kind.write(tx, batch);
    done += batch.reduce((sum, one) => sum + kind.recordsOf(one), 0);
    onProgress({ type: 'progress', stage: 'writing', done, total });
  }
  signal.throwIfAborted();
  return done;
}

function outcome({
  total,
  imported,
  problems,
}: {
  total: number;
  imported: number;
  problems: ImportError[];
}): Done {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  return {
    type: 'done',
    imported,
    skipped: total - imported,
    total,
    written: imported > 0,
    errorCount: sorted.length,
    errors: sorted.slice(0, importMaxErrors),
  };
}
