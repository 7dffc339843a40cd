import type { Command, Option } from './command.ts';
import { commonOptions } from './parse.ts';

const width = 88;

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > width && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  lines.push(line.trimEnd());
  return lines.join('\n');
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows
    .map(([name, text]) => {
      const wrapped = wrap(text, ' '.repeat(left)).trimStart();
      return `  ${name.padEnd(left - 2)}${wrapped}`;
    })
    .join('\n');
}

function written(name: string, option: Option): string {
  return option.kind === 'flag' ? `--${name}` : `--${name} ${option.placeholder}`;
}

function explained(option: Option): string {
  const notes: string[] = [];
  if (option.kind === 'text' && option.required === true) notes.push('required');
  if (option.kind === 'text' && option.choices) notes.push(option.choices.join(' | '));
  if (option.kind === 'list') notes.push('may be repeated');
  if (option.kind === 'number') notes.push(`${option.range[0]} to ${option.range[1]}`);
  if ('default' in option && option.default !== undefined) notes.push(`default ${option.default}`);
  return notes.length === 0 ? option.summary : `${option.summary} (${notes.join('; ')})`;
}

/** The help of one command. The first line is `bulkhead NAME: summary`. */
export function commandHelp(command: Command): string {
  const name = `bulkhead ${command.name.join(' ')}`;
  const options = Object.entries({ ...command.options, ...commonOptions }) as [string, Option][];
  const argument = command.options[command.argument ?? ''];
  const usage =
    argument === undefined || argument.kind === 'flag'
      ? []
      : [`Usage: ${name} [${argument.placeholder}] [options]`, ''];
  return [
    `${name}: ${command.summary}`,
    '',
    ...usage,
    wrap(command.description, ''),
    '',
    'Options:',
    columns(options.map(([key, option]) => [written(key, option), explained(option)])),
    '',
    'Examples:',
    ...command.examples.map(({ line, does }) => `  ${line}\n      ${does}`),
    '',
    'Exit codes:',
    columns(exitsOf(command)),
  ].join('\n');
}

function exitsOf({ no, exits }: Command): readonly (readonly [string, string])[] {
  if (exits !== undefined) return exits;
  return [
    ['0', 'done'],
    ...(no === undefined ? [] : [['1', no] as const]),
    ['2', 'the command line cannot be understood; nothing was done'],
    ['3', 'it could not be done; the message says what to do'],
  ];
}

/** The help of the whole program, or of one noun when only its commands are given. */
export function overviewHelp(commands: readonly Command[], noun?: string): string {
  const title =
    noun === undefined
      ? 'bulkhead: multi-tenant security for SaaS on Postgres'
      : `bulkhead ${noun}: ${commands.length} command${commands.length === 1 ? '' : 's'}`;
  return [
    title,
    '',
    'Usage: bulkhead <noun> <verb> [options]',
    '',
    'Commands:',
    columns(commands.map((command) => [command.name.join(' '), command.summary])),
    '',
    'Each command explains itself:  bulkhead <noun> <verb> --help',
    'Every command takes --json (one object on stdout; progress goes to stderr).',
    'Exit codes: 0 done or yes, 1 the answer is no, 2 not understood, 3 could not be done.',
    'Only scan and attack end with 2 for what they could not see, and with 3 for the rest.',
    'BULKHEAD_DEBUG=1 adds the stack of an error.',
  ].join('\n');
}
