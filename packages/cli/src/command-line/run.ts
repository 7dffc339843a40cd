import { exit, type Command, type ExitCode } from './command.ts';
import { CommandFailure, usageFailure } from './failure.ts';
import { commandHelp, overviewHelp } from './help.ts';
import { parseOptions } from './parse.ts';
import { didYouMean } from './suggest.ts';
import { openTerminal, type Streams } from './terminal.ts';

/** The world a command line is run in; tests give their own. */
export type Surroundings = Streams & {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
};

type Chosen = { readonly command: Command; readonly rest: readonly string[] };

function choose(line: readonly string[], commands: readonly Command[]): Chosen {
  const [noun, verb] = line;
  const lone = commands.find(({ name }) => name.length === 1 && name[0] === noun);
  if (lone !== undefined) return { command: lone, rest: line.slice(1) };
  const verbs = commands.filter(({ name }) => name[0] === noun);
  if (noun === undefined || verbs.length === 0) {
    const nouns = [...new Set(commands.map(({ name }) => name[0]))];
    const hint = didYouMean(noun ?? '', nouns, 'bulkhead --help');
    throw usageFailure(`Unknown command "${noun ?? ''}".`, hint);
  }
  const command = verbs.find(({ name }) => name[1] === verb);
  if (command !== undefined) return { command, rest: line.slice(2) };
  const known = verbs.map(({ name }) => name[1] ?? '');
  if (verb === undefined) throw usageFailure(`bulkhead ${noun} needs a verb: ${known.join(', ')}.`);
  const hint = didYouMean(verb, known, `bulkhead ${noun} --help`);
  throw usageFailure(`Unknown command "${noun} ${verb}".`, hint);
}

function helpAsked(line: readonly string[], commands: readonly Command[]): string | undefined {
  const asked = line[0] === 'help' ? line.slice(1) : line;
  if (line[0] !== 'help' && line[0] !== '--help' && line[1] !== '--help') return undefined;
  const words = asked.filter((word) => word !== '--help');
  if (words.length === 0) return overviewHelp(commands);
  const exact = commands.find(({ name }) => name.join(' ') === words.join(' '));
  if (exact !== undefined) return commandHelp(exact);
  const verbs = commands.filter(({ name }) => name[0] === words[0]);
  return words.length === 1 && verbs.length > 0 ? overviewHelp(verbs, words[0]) : undefined;
}

async function dispatch(line: readonly string[], world: Surroundings, commands: readonly Command[]) {
  const help = helpAsked(line, commands);
  if (help !== undefined) {
    world.stdout.write(`${help}\n`);
    return exit.ok;
  }
  const { command, rest } = choose(line[0] === '--version' ? ['version'] : line, commands);
  const values = parseOptions(command, rest);
  if (values['help'] === true) {
    world.stdout.write(`${commandHelp(command)}\n`);
    return exit.ok;
  }
  const terminal = openTerminal(world, {
    json: values['json'] === true,
    env: world.env,
    folder: world.folder,
  });
  return command.run(values, terminal);
}

/** Writes an error the way a person or a script expects it, and tells the exit code. */
export function report(error: unknown, line: readonly string[], world: Surroundings): ExitCode {
  const known = error instanceof CommandFailure ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const said = known === undefined ? `Unexpected: ${message}` : message;
  const hint = known === undefined ? 'Set BULKHEAD_DEBUG=1 to see where.' : known.hint;
  if (line.includes('--json')) {
    const code = known?.code ?? 'unexpected';
    world.stdout.write(`${JSON.stringify({ error: { code, message: said, hint } })}\n`);
  }
  world.stderr.write(`bulkhead: ${said}\n${hint === undefined ? '' : `${hint}\n`}`);
  if (world.env['BULKHEAD_DEBUG'] === '1' && error instanceof Error) {
    world.stderr.write(`${error.stack ?? ''}\n`);
    if (error.cause instanceof Error) world.stderr.write(`caused by ${error.cause.stack ?? ''}\n`);
  }
  return known?.exitCode ?? exit.failed;
}

/** Runs one command line to its exit code. Never throws. */
export async function run(
  line: readonly string[],
  world: Surroundings,
  commands: readonly Command[],
): Promise<ExitCode> {
  if (line.length === 0) {
    world.stderr.write(`${overviewHelp(commands)}\n`);
    return exit.usage;
  }
  try {
    return await dispatch(line, world, commands);
  } catch (error) {
    const code = report(error, line, world);
    const ownCodes = commands.some(
      ({ name, exits }) => exits !== undefined && name.every((word, n) => word === line[n]),
    );
    const misused = error instanceof CommandFailure && error.code === 'usage';
    return ownCodes && misused ? exit.failed : code;
  }
}
