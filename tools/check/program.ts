import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Problems } from './check.ts';

/** Runs a program from node_modules/.bin; what it printed is the problem when it exits with anything but 0. */
export function program(root: string, name: string, args: string[]): Promise<Problems> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(root, 'node_modules', '.bin', name), args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => output.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(
        code === 0 ? [] : [Buffer.concat(output).toString().trimEnd() || `${name} ended with code ${code}`],
      );
    });
  });
}
