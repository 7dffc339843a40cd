import { createHash } from 'node:crypto';
import type { FieldDef } from 'pg';
import type { Step } from './flightBytes.ts';
import { longestRemembered } from './statement.ts';

/** Statements a connection keeps prepared at most; the one unused for longest gives way. */
const capacity = 250;
/** Texts remembered for having run once; only a text that comes again is worth a name. */
const curiosity = 500;

type Entry = { name: string; parsed: boolean; fields?: FieldDef[] };

/** The statements that one connection holds prepared, by text. */
export class StatementNames {
  readonly #known = new Map<string, Entry>();
  readonly #seen = new Set<string>();

  /** The step under a name, without its Parse when the connection is known to hold it. */
  apply(step: Step): Step {
    if (step.text.length > longestRemembered) return step;
    const entry = this.#known.get(step.text);
    if (entry !== undefined) {
      this.#known.delete(step.text);
      this.#known.set(step.text, entry);
      const named = { ...step, name: entry.name, parse: !entry.parsed };
      // Postgres refuses to run a plan whose columns have changed, so what it described once still holds.
      return entry.parsed && step.describe === true && entry.fields !== undefined
        ? { ...named, describe: false, fields: entry.fields }
        : named;
    }
    if (!this.#seen.delete(step.text)) {
      if (this.#seen.size >= curiosity) this.#seen.clear();
      this.#seen.add(step.text);
      return step;
    }
    const closes = this.#makeRoom();
    const name = `b_${createHash('sha256').update(step.text).digest('hex').slice(0, 32)}`;
    this.#known.set(step.text, { name, parsed: false });
    return { ...step, name, ...(closes !== undefined && { closes }) };
  }

  /**
   * These steps ran, so the connection holds them.
   * @param fields what the one that was described answered
   */
  confirm(steps: readonly Step[], fields: FieldDef[]): void {
    for (const { name, text, describe } of steps) {
      const entry = name === undefined ? undefined : this.#known.get(text);
      if (entry === undefined) continue;
      entry.parsed = true;
      if (describe === true) entry.fields = fields;
    }
  }

  /** A flight failed somewhere: its steps are closed and parsed again next time, which is right in every case. */
  doubt(steps: readonly Step[]): void {
    for (const { text } of steps) {
      const entry = this.#known.get(text);
      if (entry !== undefined) entry.parsed = false;
    }
  }

  #makeRoom(): string | undefined {
    if (this.#known.size < capacity) return undefined;
    const oldest = this.#known.entries().next().value;
    if (oldest === undefined) return undefined;
    this.#known.delete(oldest[0]);
    return oldest[1].name;
  }
}
