import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import type { Config } from '../config/schema.ts';

/** Names of fields that never show their value, three levels deep. */
const secretFields = ['authorization', 'cookie', 'set-cookie', 'password', 'secret', 'token'];

const redacted = secretFields.flatMap((name) => {
  const plain = /^[a-z]+$/.test(name);
  const top = plain ? name : `["${name}"]`;
  const nested = plain ? `.${name}` : `["${name}"]`;
  return [top, `*${nested}`, `*.*${nested}`];
});

/** The server's log: one JSON line an event. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error'> & {
  /** One line a request. Its fields are named one by one where it is written; nothing to redact. */
  request: (line: Record<string, unknown>) => void;
};

/**
 * Opens the log.
 *
 * @param options.stream default: standard output
 */
export function createLog(options: {
  level: Config['log']['level'];
  stream?: DestinationStream | undefined;
}): Log {
  const { level, stream = pino.destination({ fd: 1, sync: true }) } = options;
  const settings = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = pino({ ...settings, redact: { paths: redacted, censor: '[redacted]' } }, stream);
  // Redaction looks at every field of every line: too dear for one whose fields are all known.
  const plain = pino(settings, stream);
  return {
    info: log.info.bind(log),
    warn: log.warn.bind(log),
    error: log.error.bind(log),
    request: (line) => plain.info(line),
  };
}

/** What a log line tells of an error: enough to find it, nothing that a row or an input held. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack } = error;
  return {
    type: name,
    message,
    ...codesOf(error),
    ...issuesOf(error),
    stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

function codesOf(error: Error): Record<string, unknown> {
  const wanted = ['code', 'sqlstate', 'constraint', 'table'] as const;
  return Object.fromEntries(
    wanted.flatMap((key) => {
      const value: unknown = Reflect.get(error, key);
      return typeof value === 'string' ? [[key, value]] : [];
    }),
  );
}

/** Where a value failed its schema, so that a wrong output can be found; not the value. */
function issuesOf(error: Error): Record<string, unknown> {
  if (!('issues' in error) || !Array.isArray(error.issues)) return {};
  const issues: unknown[] = error.issues;
  return {
    issues: issues.map((issue) => {
      const { path, message } = issue as { path?: unknown[]; message?: string };
      return { path: path?.map(String).join('.'), message };
    }),
  };
}
