import type { Duty } from '../duties/duty.ts';
import type { Secrets } from './secrets.ts';

/** Looks at the files of secrets every ten seconds. */
export function secretsDuty(secrets: Pick<Secrets, 'reload'>): Duty {
  return { name: 'secrets.reload', every: 10_000, run: () => secrets.reload() };
}
