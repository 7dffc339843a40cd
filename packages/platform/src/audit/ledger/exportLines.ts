/** Reads the lines of an export in bounded memory, whatever the file holds. */
import { open, type FileHandle } from 'node:fs/promises';
import type { Link } from './chainVerifier.ts';

/** The export could not be checked: unreadable, of another format, without a checkpoint signed by a key that is known. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

const chunkSize = 1 << 20;
/** An entry has at most 12 MiB (docs/audit-format.md), its base64 a third more. */
const longestLine = 1 << 25;
const lineEnd = 10;

/**
 * The lines of a file without their line feeds, some at a time: one by one they would cost more than checking them. They are views
 * of a buffer that is used again, and hold until the ones after the next are asked for. While they are looked at, the next are read.
 *
 * @throws {ExportError} when a line has more than 32 MiB
 */
export async function* linesOf(path: string): AsyncGenerator<Buffer[]> {
  const file = await open(path);
  let coming: Promise<number> | undefined;
  try {
    let [buffer, other] = [Buffer.allocUnsafeSlow(2 * chunkSize), Buffer.allocUnsafeSlow(2 * chunkSize)];
    let kept = 0;
    coming = readChunk(file, buffer, 0);
    for (;;) {
      const count = await coming;
      const end = kept + count;
      const last = count === 0 ? end : buffer.lastIndexOf(lineEnd, end - 1) + 1;
      const rest = buffer.subarray(last, end);
      if (rest.length > longestLine)
        throw new ExportError('A line is longer than 32 MiB, which no entry is.');
      if (other.length < rest.length + chunkSize)
        other = Buffer.allocUnsafeSlow(2 * (rest.length + chunkSize));
      rest.copy(other);
      if (count > 0) coming = readChunk(file, other, rest.length);
      const lines = linesIn(buffer.subarray(0, last));
      if (lines.length > 0) yield lines;
      if (count === 0) return;
      kept = rest.length;
      [buffer, other] = [other, buffer];
    }
  } finally {
    await coming?.catch(() => undefined);
    await file.close();
  }
}

async function readChunk(file: FileHandle, buffer: Buffer, at: number): Promise<number> {
  const { bytesRead } = await file.read(buffer, at, chunkSize);
  return bytesRead;
}

function linesIn(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < text.length;) {
    const next = text.indexOf(lineEnd, at);
    const end = next < 0 ? text.length : next;
    lines.push(text.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

const beforeEntry = '","entry":"';
const leafDigits = 44;
const scratch = Buffer.allocUnsafeSlow(16_384);

/**
 * What a line says. A line as it is written (docs/audit-format.md) is taken apart by its places, which takes a third of the time
 * of parsing it; any other is parsed. The entry's bytes hold until the next line is read.
 *
 * @param next the position it is expected to have
 * @throws {ExportError} when it is no line of an export
 */
export function readLink(line: Buffer, next: number): Link {
  const start = `{"seq":${next},"leaf":"`;
  const leafEnd = start.length + leafDigits;
  const entryStart = leafEnd + beforeEntry.length;
  const plain =
    line.length > entryStart + 2 &&
    line.toString('latin1', 0, start.length) === start &&
    line.toString('latin1', leafEnd, entryStart) === beforeEntry &&
    line.toString('latin1', line.length - 2) === '"}';
  if (!plain) return parseLink(line, next);
  const leaf = Buffer.from(line.toString('latin1', start.length, leafEnd), 'base64');
  const digits = line.toString('latin1', entryStart, line.length - 2);
  const short = digits.length <= scratch.length;
  const entry = short ? scratch.subarray(0, scratch.write(digits, 'base64')) : Buffer.from(digits, 'base64');
  const padding = digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0;
  // Decoding passes over what is no base64: then the line is not what it looks like.
  const whole = leaf.length === 32 && entry.length === (digits.length / 4) * 3 - padding;
  return whole ? { seq: next, leaf, entry } : parseLink(line, next);
}

function parseLink(line: Buffer, next: number): Link {
  try {
    const { seq, leaf, entry } = JSON.parse(line.toString()) as { seq: number; leaf: string; entry?: string };
    const bytes = Buffer.from(leaf, 'base64');
    if (!Number.isSafeInteger(seq) || bytes.length !== 32) throw new TypeError('no position, or no leaf');
    return { seq, leaf: bytes, entry: entry === undefined ? undefined : Buffer.from(entry, 'base64') };
  } catch {
    throw new ExportError(`Line ${next + 2} cannot be read: the file is cut off or damaged.`);
  }
}
