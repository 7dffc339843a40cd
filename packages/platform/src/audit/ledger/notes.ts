/** Notes that are kept outside the database, read one at a time: there are millions of them after a year. */
import { opendir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, TrustedCheckpoint } from './chainVerifier.ts';
import { chainOf, verifiersFor } from './key.ts';
import { parseCheckpoint, parseNote, signaturesOf, type Checkpoint, type Verifier } from './note.ts';

/** A note that was kept outside the database. */
export type KeptNote = { readonly note: string; readonly source: string };

/**
 * Somewhere that keeps notes: those it had when this was opened. What came later may be of entries that a snapshot of the database
 * taken since does not show, which would look as if they had been removed.
 */
export type NoteSource = {
  /** The chains it may have notes of. */
  readonly chains: () => AsyncIterable<string>;
  /** Notes that may be of this origin, by the sizes they name, smallest first. */
  readonly notesOf: (origin: string) => AsyncIterable<KeptNote>;
};

function checkpointIn(note: string): Checkpoint | undefined {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch {
    // Told as a finding of the chain it is offered to.
    return undefined;
  }
}

/** Notes in hand, in any order. */
export function notesInHand(notes: readonly KeptNote[]): NoteSource {
  const read = notes.map((kept) => ({ kept, checkpoint: checkpointIn(kept.note) }));
  return {
    async *chains() {
      yield* new Set(read.flatMap(({ checkpoint }) => chainOf(checkpoint?.origin ?? '') ?? []));
    },
    async *notesOf(origin) {
      yield* read
        .filter(({ checkpoint }) => checkpoint === undefined || checkpoint.origin === origin)
        .toSorted((one, other) => (one.checkpoint?.size ?? -1) - (other.checkpoint?.size ?? -1))
        .map(({ kept }) => kept);
    },
  };
}

const sizedName = /^(0\d{15})\.note$/;
const chainName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `largest`: the greatest size among its names. */
type Folder = { path: string; chain: string; largest: number };

/** Folders whose files are named by the sizes they are of, the chain of each, and every other note. */
async function survey(path: string): Promise<{ folders: Folder[]; others: string[] }> {
  const folders: Folder[] = [];
  const others: string[] = [];
  const visit = async (folder: string, name: string): Promise<void> => {
    let chain = chainName.test(name) ? name : undefined;
    let largest = -1;
    for await (const entry of await opendir(folder)) {
      const at = join(folder, entry.name);
      if (entry.isDirectory()) await visit(at, entry.name);
      else if (sizedName.test(entry.name)) {
        chain ??= chainOf(checkpointIn(await readFile(at, 'utf8'))?.origin ?? '');
        if (chain === undefined) others.push(at);
        else largest = Math.max(largest, Number(entry.name.slice(0, 16)));
      } else if (entry.name.endsWith('.note')) others.push(at);
    }
    if (largest >= 0 && chain !== undefined) folders.push({ path: folder, chain, largest });
  };
  await visit(path, '');
  return { folders, others };
}

async function sizesIn({ path, largest }: Folder): Promise<Float64Array> {
  let sizes = new Float64Array(1024);
  let count = 0;
  for await (const { name } of await opendir(path)) {
    const [, size] = sizedName.exec(name) ?? [];
    if (size === undefined || Number(size) > largest) continue;
    if (count === sizes.length) {
      const larger = new Float64Array(2 * count);
      larger.set(sizes);
      sizes = larger;
    }
    sizes[count] = Number(size);
    count += 1;
  }
  return sizes.subarray(0, count).toSorted();
}

/**
 * The notes that a directory anchor keeps, or one file.
 *
 * @throws the file system's error when there is no such path
 */
export async function openAnchor(path: string): Promise<NoteSource> {
  const source = `anchor ${path}`;
  const read = async (file: string): Promise<KeptNote> => ({ note: await readFile(file, 'utf8'), source });
  if (!(await stat(path)).isDirectory()) return notesInHand([await read(path)]);
  const { folders, others } = await survey(path);
  const notes: KeptNote[] = [];
  for (const file of others) notes.push(await read(file));
  const inHand = notesInHand(notes);
  return {
    async *chains() {
      yield* folders.map(({ chain }) => chain);
      yield* inHand.chains();
    },
    async *notesOf(origin) {
      const own = folders.filter(({ chain }) => chain === chainOf(origin));
      yield* bySize([
        inHand.notesOf(origin),
        ...own.map(async function* named(folder) {
          for (const size of await sizesIn(folder))
            yield await read(join(folder.path, `${String(size).padStart(16, '0')}.note`));
        }),
      ]);
    },
  };
}

async function* bySize(sources: readonly AsyncIterable<KeptNote>[]): AsyncGenerator<KeptNote> {
  yield* inOrder(sources, ({ note }) => checkpointIn(note)?.size ?? -1);
}

/** Several sorted streams as one. */
export async function* inOrder<T>(
  sources: readonly AsyncIterable<T>[],
  rank: (item: T) => number,
): AsyncGenerator<T> {
  const open = sources.map((source) => source[Symbol.asyncIterator]());
  type Head = { item: T; rank: number; from: AsyncIterator<T> };
  const next = async (from: AsyncIterator<T>): Promise<Head[]> => {
    const step = await from.next();
    return step.done === true ? [] : [{ item: step.value, rank: rank(step.value), from }];
  };
  const heads = (await Promise.all(open.map(next))).flat();
  while (heads.length > 0) {
    const least = heads.reduce((one, other) => (other.rank < one.rank ? other : one));
    yield least.item;
    heads.splice(heads.indexOf(least), 1, ...(await next(least.from)));
  }
}

/** What a note says, when one of the keys has signed it; undefined for one of another origin, or by unknown keys alone. */
export function trustedCheckpoint(
  { note, source }: KeptNote,
  origin: string,
  verifiers: readonly Verifier[],
): TrustedCheckpoint | Finding | undefined {
  try {
    const parsed = parseNote(note);
    const { origin: of, size, root } = parseCheckpoint(parsed.text);
    if (of !== origin) return undefined;
    // A wrong signature throws; a note by unknown keys alone says nothing, and is not relied upon.
    return signaturesOf(parsed, verifiersFor(verifiers, origin)).length > 0
      ? { size, root, source }
      : undefined;
  } catch (error) {
    return forged(`a checkpoint (${source}): ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function forged(detail: string): Finding {
  return { kind: 'forged_checkpoint', seq: 0, entryId: null, detail };
}

/** The trusted checkpoints of an origin at several places, smallest first; what is wrong with the others goes to `report`. */
export async function* trustedInOrder(
  sources: readonly NoteSource[],
  options: { origin: string; verifiers: readonly Verifier[]; report: (finding: Finding) => void },
): AsyncGenerator<TrustedCheckpoint> {
  const { origin, verifiers, report } = options;
  const trusted = async function* trusted(source: NoteSource): AsyncGenerator<TrustedCheckpoint> {
    let last = 0;
    for await (const kept of source.notesOf(origin)) {
      const found = trustedCheckpoint(kept, origin, verifiers);
      if (found === undefined) continue;
      if ('kind' in found) report(found);
      else if (found.size < last) {
        report(
          forged(`a checkpoint of ${found.size} entries is kept under another one’s name (${found.source})`),
        );
      } else {
        last = found.size;
        yield found;
      }
    }
  };
  yield* inOrder(sources.map(trusted), ({ size }) => size);
}
