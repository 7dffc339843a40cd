import { parseArgs } from 'node:util';
import type { Command, Option, Value } from './command.ts';
import { usageFailure } from './failure.ts';
import { didYouMean } from './suggest.ts';

/** Options that every command understands. */
export const commonOptions = {
  json: { kind: 'flag', summary: 'answer with one JSON object on stdout' },
  help: { kind: 'flag', summary: 'show this text' },
} as const;

type Token = ReturnType<typeof tokenise>[number];

function tokenise(line: readonly string[], options: Readonly<Record<string, Option>>) {
  const known: Record<string, { type: 'boolean' | 'string' }> = {};
  for (const [name, option] of Object.entries(options)) {
    known[name] = { type: option.kind === 'flag' ? 'boolean' : 'string' };
  }
  // Not strict: node's own complaints cannot suggest the option that was meant.
  return parseArgs({
    args: [...line],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

function wholeNumber(name: string, text: string, [least, most]: readonly [number, number]): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number) || number < least || number > most) {
    throw usageFailure(`--${name} takes a whole number from ${least} to ${most}.`);
  }
  return number;
}

function read(name: string, option: Option, token: Token & { kind: 'option' }): Value {
  if (option.kind === 'flag') {
    if (token.value !== undefined) throw usageFailure(`--${name} takes no value.`);
    return true;
  }
  if (token.value === undefined || (token.value.startsWith('--') && !token.inlineValue)) {
    throw usageFailure(`--${name} needs a value: --${name} ${option.placeholder}`);
  }
  if (option.kind === 'number') return wholeNumber(name, token.value, option.range);
  if (option.kind === 'text' && option.choices && !option.choices.includes(token.value)) {
    throw usageFailure(`--${name} is one of: ${option.choices.join(', ')}.`);
  }
  return token.value;
}

function asList(value: Value): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' ? value : [];
}

function fill(option: Option): Value {
  if (option.kind === 'flag') return false;
  if (option.kind === 'list') return [];
  return option.default;
}

function unknownOption(token: Token & { kind: 'option' }, command: Command): Error {
  const known = Object.keys({ ...command.options, ...commonOptions }).map((name) => `--${name}`);
  const help = `bulkhead ${command.name.join(' ')} --help`;
  return usageFailure(`Unknown option ${token.rawName}.`, didYouMean(token.rawName, known, help));
}

type Given = { name: string; value: Value; option: Option };

function named(token: Token & { kind: 'option' }, command: Command): Given {
  const options: Readonly<Record<string, Option>> = { ...command.options, ...commonOptions };
  const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
  if (option === undefined || !token.rawName.startsWith('--')) throw unknownOption(token, command);
  return { name: token.name, value: read(token.name, option, token), option };
}

/** A word without a name, which most commands do not take. */
function word({ value }: Token & { kind: 'positional' }, { argument, options }: Command): Given {
  const option = argument === undefined ? undefined : options[argument];
  if (argument === undefined || option === undefined) throw usageFailure(`Unexpected word "${value}".`);
  return { name: argument, value, option };
}

/**
 * Reads what follows a command's name.
 *
 * @throws CommandFailure (exit code 2) on an unknown option, a missing or malformed value, an
 * option given twice, a stray word, or a required option left out.
 */
export function parseOptions(command: Command, line: readonly string[]): Readonly<Record<string, Value>> {
  const options: Readonly<Record<string, Option>> = { ...command.options, ...commonOptions };
  const values: Record<string, Value> = {};
  for (const [name, option] of Object.entries(options)) values[name] = fill(option);
  const given = new Set<string>();

  for (const token of tokenise(line, options)) {
    if (token.kind === 'option-terminator') continue;
    const { name, value, option } =
      token.kind === 'positional' ? word(token, command) : named(token, command);
    const earlier = values[name];
    if (option.kind === 'list') values[name] = [...asList(earlier), ...asList(value)];
    else if (given.has(name)) throw usageFailure(`--${name} is given twice.`);
    else values[name] = value;
    given.add(name);
  }
  if (values['help'] !== true) requireAll(options, values);
  return values;
}

function requireAll(options: Readonly<Record<string, Option>>, values: Record<string, Value>): void {
  for (const [name, option] of Object.entries(options)) {
    if (option.kind === 'text' && option.required === true && values[name] === undefined) {
      throw usageFailure(`--${name} is required: --${name} ${option.placeholder}`);
    }
  }
}
