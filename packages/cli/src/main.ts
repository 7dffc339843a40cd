#!/usr/bin/env node
import { report, run } from './command-line/run.ts';
import { commands } from './commands/index.ts';

const line = process.argv.slice(2);
const world = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  folder: process.cwd(),
};

// An error that no caller of ours can catch would end the process with 1, which commands that judge use to say "tampered".
process.on('uncaughtException', (error) => process.exit(report(error, line, world)));

process.exitCode = await run(line, world, commands);
