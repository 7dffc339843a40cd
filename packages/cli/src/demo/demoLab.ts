import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ContextSealer } from '@bulkhead/kernel';
import { openLab, type OpenedLab } from '@bulkhead/lab';
import { connectionOf, type Config } from '@bulkhead/server';
import { CommandFailure } from '../command-line/failure.ts';
import { keepSecret } from '../data-folder/secretFile.ts';
import type { Administrator } from '../database/bootstrap.ts';

/** The database of the copy behind a plain setting. */
const copyName = 'bulkhead_lab';

type Given = {
  readonly config: Config;
  /** Of the data folder's own Postgres; absent where another serves. */
  readonly administrator?: Administrator | undefined;
  /** Folder of secret files. */
  readonly secrets: string | undefined;
};

/**
 * The lab of a demo; undefined where `lab.enabled` is off.
 *
 * @throws CommandFailure when it is on and this is no demo
 */
export async function openDemoLab(demo: boolean, given: Given): Promise<OpenedLab | undefined> {
  const { config, administrator, secrets } = given;
  if (!config.lab.enabled) return undefined;
  if (!demo || administrator === undefined || secrets === undefined) {
    throw new CommandFailure('lab_refused', 'lab.enabled is on, and the lab is part of the demo alone.', {
      hint: 'Turn lab.enabled off, or add --demo.',
    });
  }
  const { database, context } = config;
  return openLab({
    config,
    administrator: { ...administrator, database: database.name },
    app: connectionOf(database, 'app'),
    sealer: new ContextSealer({ key: { id: context.keyId, secret: context.key } }),
    copy: { database: copyName, password: await keepSecret(join(secrets, 'database-lab')) },
    randomHex: () => randomBytes(16).toString('hex'),
  });
}
