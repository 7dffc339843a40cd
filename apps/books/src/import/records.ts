import { Readable } from 'node:stream';
import { csvValue } from '@bulkhead/platform/content';
import { CsvError, parse } from 'csv-parse';
import { importMaxRecords } from '../contract/import.ts';
import { UnreadableFile } from './text.ts';

/** Columns a file must and may have. */
export type Columns = { required: readonly string[]; optional: readonly string[] };

/** One record. `line` is where it starts, from 1. `cells` is undefined when the number of cells is wrong. */
export type CsvRecord = { line: number; cells: Readonly<Record<string, string>> | undefined };

export type CsvFile = {
  /** `;` files may write decimals with a comma. */
  delimiter: ',' | ';';
  records: CsvRecord[];
};

/** Longest record in characters; the longest one that can be valid is far shorter. */
const longestRecord = 20_000;

/**
 * Splits a file into records by its header.
 * @throws {UnreadableFile} when header or structure is wrong, or there are too many records
 */
export async function readRecords(text: string, columns: Columns): Promise<CsvFile> {
  const delimiter = text.slice(0, headerEnd(text)).includes(';') ? ';' : ',';
  const records: CsvRecord[] = [];
  let header: string[] | undefined;
  for await (const { cells, line } of split(text, delimiter)) {
    if (header === undefined) {
      header = checkedHeader(cells, columns);
      continue;
    }
    if (records.length === importMaxRecords) {
      throw new UnreadableFile(
        line,
        'too_many_records',
        `A file has at most ${importMaxRecords} records. Split it.`,
      );
    }
    records.push({ line, cells: cells.length === header.length ? named(header, cells) : undefined });
  }
  if (header === undefined) throw new UnreadableFile(1, 'file_empty', 'The file is empty.');
  return { delimiter, records };
}

function headerEnd(text: string): number {
  const end = text.search(/[^\n]\n/);
  return end < 0 ? text.length : end + 1;
}

type Parsed = { record: string[]; info: { lines: number } };

async function* split(text: string, delimiter: string): AsyncGenerator<{ cells: string[]; line: number }> {
  const options = { info: true, relax_column_count: true, skip_empty_lines: true, record_delimiter: '\n' };
  const parser = Readable.from(pieces(text)).compose(
    parse({ ...options, delimiter, max_record_size: longestRecord }),
  ) as AsyncIterable<Parsed>;
  let lastLine = 0;
  try {
    for await (const { record, info } of parser) {
      lastLine = info.lines;
      const within = record.reduce((count, cell) => count + cell.split('\n').length - 1, 0);
      yield { cells: record, line: info.lines - within };
    }
  } catch (error) {
    throw error instanceof CsvError ? broken(error, lastLine + 1) : error;
  }
}

function broken(error: CsvError, recordLine: number): UnreadableFile {
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    return new UnreadableFile(
      recordLine,
      'record_too_long',
      `A record has at most ${longestRecord} characters.`,
    );
  }
  return new UnreadableFile(
    recordLine,
    'quote_misplaced',
    'From here on the quotes (") do not add up. Double each quote inside a quoted cell.',
  );
}

/** In pieces, so that other requests get their turn while a large file is read. */
function* pieces(text: string): Generator<string> {
  const size = 65_536;
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

function checkedHeader(cells: readonly string[], { required, optional }: Columns): string[] {
  const header = cells.map((cell) => cell.trim());
  const known = new Set([...required, ...optional]);
  const unknown = header.find((name) => !known.has(name));
  const twice = header.find((name, index) => header.indexOf(name) !== index);
  const missing = required.find((name) => !header.includes(name));
  const problem =
    unknown !== undefined
      ? `There is no column “${unknown.slice(0, 40)}”. Columns are ${[...known].join(', ')}.`
      : twice !== undefined
        ? `Column ${twice} stands twice.`
        : missing !== undefined
          ? `Column ${missing} is missing.`
          : undefined;
  if (problem !== undefined) throw new UnreadableFile(1, 'header_invalid', problem);
  return header;
}

function named(header: readonly string[], cells: readonly string[]): Record<string, string> {
  return Object.fromEntries(header.map((name, index) => [name, csvValue((cells[index] ?? '').trim())]));
}
