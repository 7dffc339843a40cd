import { plainText, sniffType, unknownType } from '@bulkhead/platform/content';
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

/** NUL, half a surrogate pair, or what a lenient decoder leaves of bytes that are no UTF-8. */
const unreadable = /\0|\uFFFD|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * The file's text with `\n` line ends and without byte order mark.
 * @throws {UnreadableFile} `encoding_invalid` for what cannot have been UTF-8 text, with the line
 */
export function readText(csv: string): string {
  const text = csv.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const at = text.search(unreadable);
  if (at < 0) return text;
  const line = text.slice(0, at).split('\n').length;
  throw new UnreadableFile(line, 'encoding_invalid', 'The file is not UTF-8 text. Save it as “CSV UTF-8”.');
}

/**
 * Refuses what is another kind of file under the name of CSV, a web page for instance. Text that is broken somewhere is no such
 * thing: its line is told later.
 * @throws {UnreadableFile} `type_mismatch`
 */
export async function assertCsv(text: string): Promise<void> {
  const type = await sniffType(Buffer.from(text.slice(0, 4100)));
  if (type === plainText || type === unknownType) return;
  throw new UnreadableFile(1, 'type_mismatch', `The file is not CSV: what it holds is ${type}.`);
}
