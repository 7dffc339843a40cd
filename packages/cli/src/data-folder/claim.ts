import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { errorCode } from '../command-line/failure.ts';

/** A process, told apart from a later one that was given the same id. */
export type ProcessMark = { readonly pid: number; readonly started: string };

/**
 * When a process started, in a form that only equality is asked of, or `undefined` when no
 * such process is alive. Where the system tells no start time the mark is empty, and the id alone
 * decides.
 */
export function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may itself hold spaces and brackets; fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : (fields[19] ?? '');
  } catch {
    return '';
  }
}

/** A claim on a folder; held until released or until the process ends. */
export type Claim = { release(): Promise<void> };

/** Another live process holds the claim. */
export class ClaimedError extends Error {
  override readonly name = 'ClaimedError';
  readonly pid: number;

  constructor(pid: number) {
    super(`process ${pid} holds the claim`);
    this.pid = pid;
  }
}

async function readMark(file: string): Promise<ProcessMark | undefined> {
  try {
    const mark: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof mark !== 'object' || mark === null) return undefined;
    if (!('pid' in mark) || typeof mark.pid !== 'number') return undefined;
    return { pid: mark.pid, started: 'started' in mark ? String(mark.started) : '' };
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Puts the claim there whole or not at all, so that nobody ever reads half of one. */
async function write(file: string, mark: ProcessMark): Promise<boolean> {
  const whole = `${file}.${mark.pid}.new`;
  await writeFile(whole, JSON.stringify(mark));
  try {
    await link(whole, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(whole, { force: true });
  }
}

/**
 * Removes a dead claim. Moved aside first and looked at again, because another process may have found the
 * same dead claim and put its own in the place meanwhile; then that one goes back.
 */
async function removeDead(file: string, aside: string, dead: ProcessMark | undefined): Promise<void> {
  try {
    await rename(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readMark(aside);
  if (moved?.pid !== dead?.pid || moved?.started !== dead?.started) {
    await link(aside, file).catch(() => undefined);
  }
  await rm(aside, { force: true });
}

/**
 * Claims a folder by a file in it, so that two processes never use it at once. A claim left by a
 * process that no longer lives is taken over.
 *
 * @throws ClaimedError when a live process holds it.
 */
export async function claim(
  file: string,
  options: { readonly pid?: number; readonly startOf?: (pid: number) => string | undefined } = {},
): Promise<Claim> {
  const started = options.startOf ?? startOf;
  const pid = options.pid ?? process.pid;
  const mine: ProcessMark = { pid, started: started(pid) ?? '' };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await write(file, mine)) return { release: () => release(file, mine) };
    const holder = await readMark(file);
    if (holder !== undefined && holder.pid !== pid && started(holder.pid) === holder.started) {
      throw new ClaimedError(holder.pid);
    }
    await removeDead(file, `${file}.${pid}.dead`, holder);
  }
  const holder = await readMark(file);
  throw new ClaimedError(holder?.pid ?? 0);
}

async function release(file: string, mine: ProcessMark): Promise<void> {
  const holder = await readMark(file);
  if (holder?.pid === mine.pid) await rm(file, { force: true });
}
