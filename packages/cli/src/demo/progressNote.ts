import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../command-line/failure.ts';

/**
 * How far the demo's data of a data folder is. `seeding`: begun and not finished, in a database
 * that holds nothing else, so that it may be thrown away.
 */
export type DemoState = 'none' | 'seeding' | 'seeding-beside-other-data' | 'done';

/** Name of the note within the data folder. */
export const demoNote = 'demo.json';

export async function readDemoState(folder: string): Promise<DemoState> {
  try {
    const note = JSON.parse(await readFile(join(folder, demoNote), 'utf8')) as { state?: DemoState };
    return note.state ?? 'none';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'none';
    // Cut off while it was written: whatever it was about to say, the demo is not finished.
    if (error instanceof SyntaxError) return 'seeding-beside-other-data';
    throw error;
  }
}

export async function writeDemoState(folder: string, state: DemoState): Promise<void> {
  await writeFile(join(folder, demoNote), `${JSON.stringify({ state })}\n`);
}
