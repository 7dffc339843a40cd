/** A witness of our own (c2sp.org/tlog-witness): cosigns a log's checkpoints while they continue one another. */
import { hash, randomBytes, type KeyObject } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { verifiersFor } from './key.ts';
import { consistencyHolds, emptyRoot } from './merkle.ts';
import {
  cosignatureLine,
  NoteError,
  parseCheckpoint,
  parseNote,
  signaturesOf,
  type Checkpoint,
  type Note,
  type Verifier,
} from './note.ts';

export type WitnessParts = {
  /** Where the latest cosigned checkpoint of each log is kept. One process at a time. */
  readonly folder: string;
  /** Keys of the logs that are watched; `<name>/audit` stands for every chain below it. */
  readonly logs: readonly Verifier[];
  /** Type 0x04. */
  readonly signer: { readonly verifier: Verifier; readonly secret: KeyObject };
  /** Milliseconds since 1970. */
  readonly clock: () => number;
};

export type WitnessAnswer = { readonly status: number; readonly type: string; readonly body: string };

const refuse = (status: number, reason: string): WitnessAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${reason}\n`,
});

type Submission = { old: number; proof: Buffer[]; note: Note; checkpoint: Checkpoint };

function parseSubmission(body: string): Submission | undefined {
  const at = body.indexOf('\n\n');
  const [first = '', ...lines] = body.slice(0, Math.max(at, 0)).split('\n');
  const old = /^old (0|[1-9][0-9]{0,15})$/.exec(first)?.[1];
  if (old === undefined || lines.length > 63) return undefined;
  const proof = lines.map((line) => Buffer.from(line, 'base64'));
  if (proof.some((hashed, n) => hashed.length !== 32 || hashed.toString('base64') !== lines[n]))
    return undefined;
  try {
    const note = parseNote(body.slice(at + 2));
    return { old: Number(old), proof, note, checkpoint: parseCheckpoint(note.text) };
  } catch (error) {
    if (error instanceof NoteError) return undefined;
    throw error;
  }
}

export class Witness {
  readonly #parts: WitnessParts;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: WitnessParts) {
    this.#parts = parts;
  }

  /** Answers `POST add-checkpoint`. Requests for one log take turns: its state is checked and written as one step. */
  async addCheckpoint(body: string): Promise<WitnessAnswer> {
    const submission = parseSubmission(body);
    if (submission === undefined) return refuse(400, 'this is no submission of a checkpoint');
    const { origin } = submission.checkpoint;
    const verifiers = verifiersFor(this.#parts.logs, origin);
    if (verifiers.length === 0) return refuse(404, 'this log is not watched here');
    try {
      if (signaturesOf(submission.note, verifiers).length === 0)
        return refuse(403, 'no signature of the log');
    } catch (error) {
      if (error instanceof NoteError) return refuse(403, 'the signature of the log is wrong');
      throw error;
    }
    const turn = (this.#turns.get(origin) ?? Promise.resolve()).then(() => this.#decide(submission));
    const settled = turn.catch(() => undefined);
    this.#turns.set(origin, settled);
    void settled.then(() => {
      if (this.#turns.get(origin) === settled) this.#turns.delete(origin);
    });
    return turn;
  }

  async #decide({ old, proof, note, checkpoint }: Submission): Promise<WitnessAnswer> {
    if (old > checkpoint.size) return refuse(400, 'the old size is above the checkpoint’s');
    const last = await this.#last(checkpoint.origin);
    if (old !== last.size) return { status: 409, type: 'text/x.tlog.size', body: `${last.size}\n` };
    if (old === checkpoint.size && !last.root.equals(checkpoint.root)) {
      return refuse(409, 'another root was cosigned for this size');
    }
    if (!consistencyHolds(last, checkpoint, proof)) return refuse(422, 'the consistency proof does not hold');
    await this.#keep(checkpoint.origin, note.text);
    const time = Math.floor(this.#parts.clock() / 1000);
    return {
      status: 200,
      type: 'text/plain; charset=utf-8',
      body: cosignatureLine(note.text, this.#parts.signer, time),
    };
  }

  #file(origin: string): string {
    return join(this.#parts.folder, `${hash('sha256', origin)}.checkpoint`);
  }

  async #last(origin: string): Promise<{ size: number; root: Buffer }> {
    try {
      return parseCheckpoint(await readFile(this.#file(origin), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { size: 0, root: emptyRoot };
      // A state that cannot be read is no state to start anew from.
      throw error;
    }
  }

  /** On the disk before the cosignature leaves: a crash forgets nothing that was vouched for. */
  async #keep(origin: string, text: string): Promise<void> {
    const { folder } = this.#parts;
    await mkdir(folder, { recursive: true });
    const next = `${this.#file(origin)}.${randomBytes(4).toString('hex')}`;
    const handle = await open(next, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, this.#file(origin));
    const directory = await open(folder, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
