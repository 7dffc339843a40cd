import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import type { Config } from '../config/schema.ts';

/**
 * What must never be in a log line, wherever an error or a caller puts it. The server's own
 * lines name what they tell field by field and need none of this; it is the net below them.
 */
const redacted = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'set-cookie',
].flatMap((name) => {
  const key = /^[a-z]+$/.test(name) ? `.${name}` : `["${name}"]`;
  const bare = /^[a-z]+$/.test(name) ? name : `["${name}"]`;
  return [bare, `*${key}`, `*.*${key}`];
});

/**
 * The server's log: one JSON line an event.
 *
 * @param options.stream default: standard output
 */
export function createLog(options: {
  level: Config['log']['level'];
  stream?: DestinationStream | undefined;
}): Logger {
  const { level, stream } = options;
  const settings = {
    level,
    base: null,
    redact: { paths: redacted, censor: '[redacted]' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return stream === undefined ? pino(settings) : pino(settings, stream);
}

/** What a log line tells of an error: enough to find it, nothing that a row or an input held. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack } = error;
  return {
    type: name,
    message,
    ...codesOf(error),
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
