import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf, isAlive } from '../../packages/cli/src/embedded/processes.ts';

const prefix = 'bulkhead-test-';
const ownerFile = 'owner';

/** What folders of test servers are called, to be given to `mkdtemp`. */
export const folderPrefix = join(tmpdir(), prefix);

/** Notes in a test server's folder which process it belongs to. */
export function claimFolder(folder: string): void {
  writeFileSync(join(folder, ownerFile), String(process.pid));
}

/** Ends the servers and removes the folders of test processes that were killed without a chance to do so. */
export function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    const owner = numberIn(join(folder, ownerFile));
    if (owner === undefined || isAlive(owner)) continue;
    const server = numberIn(join(folder, 'cluster', 'postmaster.pid'));
    try {
      if (server !== undefined && commandOf(server).includes(folder)) process.kill(server, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    } catch {
      // Another user's, or another process sweeps it at this moment.
    }
  }
}

function numberIn(file: string): number | undefined {
  try {
    const number = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return number > 0 ? number : undefined;
  } catch {
    return undefined;
  }
}
