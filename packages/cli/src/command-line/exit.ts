/** Exit codes of every command, documented in each `--help`. */
export const exit = {
  /** Done, or the answer is yes. */
  ok: 0,
  /** The command worked and its answer is no: something is unprotected, a token is refused. */
  no: 1,
  /** The command line cannot be understood. Nothing was done. */
  usage: 2,
  /** Understood, but it could not be done: the port is taken, the database does not answer. */
  failed: 3,
} as const;

export type ExitCode = (typeof exit)[keyof typeof exit];
