import { exit, type ExitCode } from './exit.ts';

/**
 * An expected reason for not doing what was asked. Printed as two sentences, without a stack.
 *
 * `message` says what is wrong, `hint` what to do about it. Neither may hold a secret.
 */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** Stable, snake_case, for scripts. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    code: string,
    message: string,
    options: { hint?: string; exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? exit.failed;
  }
}

/** A command line that cannot be understood. Exit code 2. */
export function usageFailure(message: string, hint?: string): CommandFailure {
  const options = { exitCode: exit.usage };
  return new CommandFailure('usage', message, hint === undefined ? options : { ...options, hint });
}

/** The `code` of a Node.js or Postgres error, or `undefined`. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
