import { readlinkSync, realpathSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverRunning } from './errors.ts';
import { commandOf, isAlive } from './processes.ts';

/**
 * Looks at the `postmaster.pid` that a server killed without warning leaves behind. Postgres itself copes, except
 * when the recorded process id has meanwhile been given to an unrelated program (common after a container restart).
 * Then our own id is recorded in its place, which Postgres ignores because it is its parent's; the file is kept
 * because it also names the shared memory by which Postgres notices surviving back ends.
 * @throws EmbeddedError server_running
 */
export async function settlePostmasterFile(cluster: string, onLog: (line: string) => void): Promise<void> {
  const path = join(cluster, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return;
  if (isServerOn(pid, cluster)) throw serverRunning(cluster, pid);
  onLog(`the last server did not stop cleanly; its process id ${pid} now belongs to another program`);
  await writeFile(path, text.replace(/^\d+/, String(process.pid)));
}

function isServerOn(pid: number, cluster: string): boolean {
  if (!/postgres|postmaster/.test(commandOf(pid))) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch {
    // Not Linux, or another user's process: a server that cannot be told apart is left alone.
    return true;
  }
}
