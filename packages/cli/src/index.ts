export { run, type Surroundings } from './command-line/run.ts';
export { commands } from './commands/index.ts';
