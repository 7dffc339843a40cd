import type { Terminal } from '../command-line/terminal.ts';

/** What a start works with. What it opens it puts on `stack`, also when it fails half-way. */
export type Ground = {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly stack: AsyncDisposableStack;
};
