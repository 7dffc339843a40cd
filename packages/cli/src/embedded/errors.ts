export type EmbeddedErrorCode =
  | 'platform_unsupported'
  | 'binaries_missing'
  | 'binaries_unusable'
  | 'user_missing'
  | 'data_folder_owner'
  | 'data_folder_unreachable'
  | 'data_folder_unwritable'
  | 'password_missing'
  | 'version_mismatch'
  | 'server_running'
  | 'port_taken'
  | 'port_refused'
  | 'disk_full'
  | 'socket_path_too_long'
  | 'initdb_failed'
  | 'start_failed'
  | 'start_timeout'
  | 'server_ended';

/**
 * The embedded database could not be started, or ended by itself.
 * `message` is one sentence for the person at the terminal, saying what to do; `log` holds the server's own words.
 */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
  readonly code: EmbeddedErrorCode;
  /** The last lines that Postgres wrote, oldest first; empty when it was not reached. */
  readonly log: readonly string[];

  constructor(
    code: EmbeddedErrorCode,
    message: string,
    options: { log?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.log = options.log ?? [];
  }
}

type Failure = { folder: string; port: number; fallback: EmbeddedErrorCode; log: readonly string[] };

/** Turns what Postgres or initdb wrote before giving up into one sentence. Expects messages in English (`LC_MESSAGES=C`). */
export function explainFailure({ folder, port, fallback, log }: Failure): EmbeddedError {
  const text = log.join('\n');
  const error = (code: EmbeddedErrorCode, message: string) => new EmbeddedError(code, message, { log });
  if (/No space left on device|Disk quota exceeded/.test(text)) return diskFull(folder, log);
  if (/could not bind .*Address already in use/.test(text)) {
    return error('port_taken', `Port ${port} is taken by another program: end it, or choose another port.`);
  }
  if (/could not bind .*Permission denied/.test(text)) {
    return error(
      'port_refused',
      `Port ${port} is reserved for privileged programs: choose a port above 1023.`,
    );
  }
  const running = /Is another (?:postmaster|postgres) \(PID (\d+)\) running/.exec(text);
  if (running) return serverRunning(folder, Number(running[1]), log);
  if (/pre-existing shared memory block .* is still in use/.test(text)) {
    return error(
      'server_running',
      `Processes of an earlier database server still use ${folder}: end the leftover "postgres" processes, then start again.`,
    );
  }
  if (/Permission denied/.test(text)) {
    return error(
      'data_folder_unwritable',
      `The database server may not write to ${folder}: give its user permission, or choose another data folder.`,
    );
  }
  const reason = log.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? log.at(-1) ?? 'no message';
  return error(fallback, `The database server could not run on ${folder}; its last words: ${reason.trim()}`);
}

export function diskFull(folder: string, log: readonly string[] = []): EmbeddedError {
  return new EmbeddedError(
    'disk_full',
    `The disk that holds ${folder} is full: free some space there, or choose a data folder on another disk.`,
    { log },
  );
}

export function serverRunning(folder: string, pid: number, log: readonly string[] = []): EmbeddedError {
  return new EmbeddedError(
    'server_running',
    `A database server (process ${pid}) already runs on ${folder}: stop the program that uses it, or end a leftover one with: kill -INT ${pid}`,
    { log },
  );
}
