import type { ImportError } from '../contract/index.ts';
import type { CsvRecord } from './records.ts';

/** What a cell must be: its value, or undefined when it is not. */
export type Form<Value> = { read: (cell: string) => Value | undefined; message: string };

/** A form from a schema of the contract, so that import and API accept the same. */
export function schemaForm<Value>(
  schema: { safeParse: (value: unknown) => { success: boolean; data?: Value } },
  message: string,
): Form<Value> {
  return {
    read: (cell) => {
      const { success, data } = schema.safeParse(cell);
      return success ? data : undefined;
    },
    message,
  };
}

/** Reads the cells of one record and gathers what is wrong with them. */
export class RecordReader {
  readonly #record: CsvRecord;
  readonly problems: ImportError[] = [];

  constructor(record: CsvRecord) {
    this.#record = record;
    if (record.cells === undefined)
      this.refuse(null, 'column_count', 'The record has more or fewer cells than the header.');
  }

  refuse(column: string | null, code: string, message: string): void {
    this.problems.push({ line: this.#record.line, column, code, message });
  }

  /** The cell's value; null when it is empty or not in the file. */
  optional<Value>(column: string, form: Form<Value>): Value | null {
    const cell = this.#record.cells?.[column] ?? '';
    if (cell === '') return null;
    const value = form.read(cell);
    if (value === undefined) this.refuse(column, 'value_invalid', form.message);
    return value ?? null;
  }

  /** The cell's value. Undefined with a problem noted when it is empty or wrong. */
  required<Value>(column: string, form: Form<Value>): Value | undefined {
    if (this.#record.cells === undefined) return undefined;
    if ((this.#record.cells[column] ?? '') === '') {
      this.refuse(column, 'value_missing', `Column ${column} must not be empty.`);
      return undefined;
    }
    return this.optional(column, form) ?? undefined;
  }
}
