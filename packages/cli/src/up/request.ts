import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import { configuresDatabase } from '../database/settings.ts';

/** What `bulkhead up` is asked for, with relative names made absolute. */
export type UpRequest = {
  /** Absolute path of the data folder. */
  readonly data: string;
  /** Where relative module names start. */
  readonly folder: string;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Address of a Postgres that is there; absent: as configured, else the data folder's own. */
  readonly database?: string | undefined;
  readonly modules: readonly string[];
  readonly demo: boolean;
  readonly reset: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** What serves when nothing is configured. */
export const standard = { host: '127.0.0.1', port: 4000 } as const;

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

/** Which database serves: the data folder's own, the one `--database` names, or the configured one. */
export function databaseKind(request: UpRequest, env: Environment): 'own' | 'named' | 'configured' {
  if (request.database !== undefined) return 'named';
  return configuresDatabase(env) ? 'configured' : 'own';
}

/**
 * Refuses what must not be: the demo's public passwords anywhere but on this machine, and a reset of a
 * database that is not ours to remove.
 *
 * @throws CommandFailure
 */
export function refuseUnsafe(request: UpRequest, env: Environment): void {
  const own = databaseKind(request, env) === 'own';
  if (request.reset && !own) {
    throw usageFailure('--reset removes the data folder’s own database only, and another one is named.');
  }
  if (!request.demo) return;
  const host = request.host ?? env['BULKHEAD_HTTP_HOST'] ?? standard.host;
  const reasons = [
    ...(own ? [] : ['the database is not the data folder’s own']),
    ...(loopback.has(host) ? [] : [`${host} can be reached from other machines`]),
    ...(env['BULKHEAD_HTTP_PUBLIC_URL'] ? ['a public address is configured'] : []),
    ...(env['NODE_ENV'] === 'production' ? ['NODE_ENV is production'] : []),
  ];
  if (reasons.length === 0) return;
  throw new CommandFailure(
    'demo_refused',
    `--demo makes accounts with public passwords, and ${reasons.join(', and ')}.`,
    {
      hint: 'Leave --demo out, or run it on this machine alone.',
    },
  );
}
