import { SigningKeys } from '@bulkhead/platform/identity/token';
import type { DatabaseConfig } from '../database/openDatabase.ts';
import { withIdentity } from './withIdentity.ts';

/** More than any token lives (an hour at most), and what another server takes to notice a rotation. */
const overlap = 65 * 60_000;

/** Runs `work` with the installation's signing keys. */
export async function withSigningKeys<Result>(
  config: DatabaseConfig,
  work: (keys: SigningKeys) => Promise<Result>,
): Promise<Result> {
  return withIdentity(config, ({ pool, cipher, sealer, clock }) =>
    work(new SigningKeys({ pool, cipher, sealer, clock, overlap })),
  );
}
