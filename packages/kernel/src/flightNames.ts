import { createHash } from 'node:crypto';
import type { Step } from './flightBytes.ts';

/** Statements a connection keeps prepared at most; later texts go unnamed. */
const capacity = 250;

/** The statements that one connection holds prepared, by text. */
export class StatementNames {
  readonly #known = new Map<string, { name: string; parsed: boolean }>();

  /** The step under a name, without its Parse when the connection is known to hold it. */
  apply(step: Step): Step {
    let entry = this.#known.get(step.text);
    if (entry === undefined) {
      if (this.#known.size >= capacity) return step;
      entry = {
        name: `b_${createHash('sha256').update(step.text).digest('hex').slice(0, 32)}`,
        parsed: false,
      };
      this.#known.set(step.text, entry);
    }
    return { ...step, name: entry.name, parse: !entry.parsed };
  }

  /** These steps ran, so the connection holds them. */
  confirm(steps: readonly Step[]): void {
    for (const { name, text } of steps) {
      const entry = name === undefined ? undefined : this.#known.get(text);
      if (entry !== undefined) entry.parsed = true;
    }
  }

  /** A flight failed somewhere: its steps are closed and parsed again next time, which is right in every case. */
  doubt(steps: readonly Step[]): void {
    for (const { text } of steps) this.#known.delete(text);
  }
}
