import type { FieldDef } from 'pg';

/** A bound value as it goes on the wire: text, bytes, or null. */
export type WireValue = string | Buffer | null;

/** One statement of a flight. `name` absent means Postgres' unnamed statement. */
export type Step = {
  text: string;
  values: WireValue[];
  name?: string;
  /** a statement that the connection gives up before this one */
  closes?: string;
  /** false when the connection already holds `name`; default true */
  parse?: boolean;
  /** ask for the row description; only the statement whose rows are wanted */
  describe?: boolean;
  /** the row description, where it is known from an earlier flight */
  fields?: FieldDef[];
};

const PARSE = 0x50;
const BIND = 0x42;
const DESCRIBE = 0x44;
const EXECUTE = 0x45;
const CLOSE = 0x43;
const SYNC = 0x53;
const STATEMENT = 0x53;
const PORTAL = 0x50;

const parseSize = (name: string, text: string): number =>
  1 + 4 + Buffer.byteLength(name) + 1 + Buffer.byteLength(text) + 1 + 2;

const closeSize = (name: string): number => 1 + 4 + 1 + Buffer.byteLength(name) + 1;

function bindSize(name: string, values: WireValue[]): number {
  let size = 1 + 4 + 1 + Buffer.byteLength(name) + 1 + 2 + values.length * 2 + 2 + 2 + 2;
  for (const value of values) {
    size += 4;
    if (typeof value === 'string') size += Buffer.byteLength(value);
    else if (value !== null) size += value.length;
  }
  return size;
}

const DESCRIBE_SIZE = 7;
const EXECUTE_SIZE = 10;
const SYNC_SIZE = 5;

function stepSize(step: Step): number {
  const name = step.name ?? '';
  let size = bindSize(name, step.values) + EXECUTE_SIZE;
  if (step.parse !== false) size += parseSize(name, step.text);
  if (step.parse !== false && name !== '') size += closeSize(name);
  if (step.closes !== undefined) size += closeSize(step.closes);
  if (step.describe === true) size += DESCRIBE_SIZE;
  return size;
}

class Writer {
  readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  private int16(value: number): void {
    this.at = this.bytes.writeUInt16BE(value, this.at);
  }

  private int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  private head(type: number, size: number): void {
    this.bytes[this.at++] = type;
    this.int32(size - 1);
  }

  private cstring(text: string): void {
    this.at += this.bytes.write(text, this.at);
    this.bytes[this.at++] = 0;
  }

  /** Closing first makes the Parse valid whether or not the server still holds that name. */
  private parse(name: string, text: string): void {
    if (name !== '') this.close(name);
    this.head(PARSE, parseSize(name, text));
    this.cstring(name);
    this.cstring(text);
    this.int16(0);
  }

  private close(name: string): void {
    this.head(CLOSE, closeSize(name));
    this.bytes[this.at++] = STATEMENT;
    this.cstring(name);
  }

  private bind(name: string, values: WireValue[]): void {
    this.head(BIND, bindSize(name, values));
    this.cstring('');
    this.cstring(name);
    this.int16(values.length);
    for (const value of values) this.int16(Buffer.isBuffer(value) ? 1 : 0);
    this.int16(values.length);
    for (const value of values) this.value(value);
    this.int16(1);
    this.int16(0);
  }

  private value(value: WireValue): void {
    if (value === null) {
      this.int32(-1);
    } else if (typeof value === 'string') {
      const start = this.at;
      this.at += 4;
      const size = this.bytes.write(value, this.at);
      this.bytes.writeInt32BE(size, start);
      this.at += size;
    } else {
      this.int32(value.length);
      this.at += value.copy(this.bytes, this.at);
    }
  }

  step(step: Step): void {
    const name = step.name ?? '';
    if (step.closes !== undefined) this.close(step.closes);
    if (step.parse !== false) this.parse(name, step.text);
    this.bind(name, step.values);
    if (step.describe === true) {
      this.head(DESCRIBE, DESCRIBE_SIZE);
      this.bytes[this.at++] = PORTAL;
      this.bytes[this.at++] = 0;
    }
    this.head(EXECUTE, EXECUTE_SIZE);
    this.bytes[this.at++] = 0;
    this.int32(0);
  }

  sync(): void {
    this.head(SYNC, SYNC_SIZE);
  }
}

/**
 * The bytes of one flight: every step's Parse, Bind, Describe and Execute, then a single Sync, so that Postgres runs
 * the whole as one implicit transaction (PostgreSQL documentation, "Extended Query", "Pipelining").
 * Texts and names must not hold NUL characters, and a step at most 65,535 values; the callers check.
 * @param scratch used when it is large enough; the caller must not encode into it again before the flight was answered
 */
export function encodeFlight(steps: Step[], scratch?: Buffer): Buffer {
  let size = SYNC_SIZE;
  for (const step of steps) size += stepSize(step);
  const fits = scratch !== undefined && scratch.length >= size;
  const writer = new Writer(fits ? scratch.subarray(0, size) : Buffer.allocUnsafe(size));
  for (const step of steps) writer.step(step);
  writer.sync();
  return writer.bytes;
}
