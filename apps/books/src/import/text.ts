import type { ImportError } from '../contract/index.ts';

/** A file that cannot be read as a whole: nothing of it is imported in any mode. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  readonly problem: ImportError;

  constructor(line: number, code: string, message: string) {
    super(message);
    this.problem = { line, column: null, code, message };
  }
}

/**
 * The file's text with `\n` line ends and without byte order mark.
 * @throws {UnreadableFile} `encoding_invalid` for what is not UTF-8 or holds NUL, with the line
 */
export async function readText(csv: File | string): Promise<string> {
  const text = typeof csv === 'string' ? csv : decode(new Uint8Array(await csv.arrayBuffer()));
  const lines = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const nul = lines.indexOf('\0');
  if (nul >= 0) throw unreadable(lines.slice(0, nul).split('\n').length);
  if (!lines.isWellFormed()) {
    throw unreadable(lines.split('\n').findIndex((line) => !line.isWellFormed()) + 1);
  }
  return lines;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(firstBadLine(bytes));
  }
}

const lineFeed = 0x0a;

/** UTF-8 never uses the byte of a line feed within another character, so that lines can be judged one by one. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let start = 0; start <= bytes.length; line += 1) {
    const end = bytes.indexOf(lineFeed, start);
    const stop = end < 0 ? bytes.length : end;
    try {
      decoder.decode(bytes.subarray(start, stop));
    } catch {
      return line;
    }
    start = stop + 1;
  }
  return line;
}

function unreadable(line: number): UnreadableFile {
  return new UnreadableFile(line, 'encoding_invalid', 'The file is not UTF-8 text. Save it as “CSV UTF-8”.');
}
