#!/usr/bin/env node
import { run } from './command-line/run.ts';
import { commands } from './commands/index.ts';

process.exitCode = await run(
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    folder: process.cwd(),
  },
  commands,
);
