import type { Readiness, ReadinessCheck } from '../http/health.ts';
import { assertSound, UnsoundDatabaseError } from './soundness.ts';
import type { SoundnessCode, SoundnessOptions } from './soundness.ts';

/** How long an answer about the database is used again, in milliseconds: the address is public. */
const freshFor = 2000;

const checkNames: Readonly<Record<SoundnessCode, string>> = {
  migrations_pending: 'migrations',
  role_privileged: 'roles',
  tables_unprotected: 'tables',
};

/**
 * The readiness of a server: its database reachable and sound, itself not leaving.
 *
 * @param options.onFault told why a check failed, for the log
 */
export function createReadiness(
  options: SoundnessOptions & {
    draining: () => boolean;
    clock: () => number;
    onFault: (error: unknown) => void;
  },
): Readiness {
  let known: { until: number; checks: Promise<ReadinessCheck[]> } | undefined;
  return async () => {
    const now = options.clock();
    if (known === undefined || known.until <= now) {
      known = { until: now + freshFor, checks: look(options) };
    }
    return [{ name: 'serving', passed: !options.draining() }, ...(await known.checks)];
  };
}

async function look(
  options: SoundnessOptions & { onFault: (error: unknown) => void },
): Promise<ReadinessCheck[]> {
  const all = ['database', ...Object.values(checkNames)];
  try {
    await assertSound(options);
    return all.map((name) => ({ name, passed: true }));
  } catch (error) {
    options.onFault(error);
    const failed = error instanceof UnsoundDatabaseError ? checkNames[error.code] : 'database';
    return all.map((name) => ({ name, passed: name !== failed }));
  }
}
