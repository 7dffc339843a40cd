import { noBreachedPasswords, PasswordRanges } from '@bulkhead/platform/identity';
import type { BreachedPasswords } from '@bulkhead/platform/identity';
import type { Config } from '../config/schema.ts';
import { describeError } from '../http/log.ts';
import type { Log } from '../http/log.ts';

/** Whom this server asks about new passwords. */
export function createBreachCheck({
  config,
  clock,
  log,
}: {
  config: Pick<Config, 'passwords'>;
  clock: () => number;
  log: Pick<Log, 'warn'>;
}): BreachedPasswords {
  const { breachCheck } = config.passwords;
  if (breachCheck === 'off') return noBreachedPasswords;
  return new PasswordRanges({
    url: breachCheck.replace(/\/+$/, ''),
    clock,
    onUnasked: ({ passwords, error }) =>
      log.warn({ event: 'breach_check_failed', passwords, error: describeError(error) }),
  });
}
