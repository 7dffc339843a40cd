import type { ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

export { exit, type ExitCode } from './exit.ts';

/**
 * One option of a command, written `--name` or `--name VALUE`.
 *
 * `flag` is absent or present; `text` takes one value; `number` takes a whole number within
 * `range` (inclusive); `list` may be given more than once.
 */
export type Option =
  | { readonly kind: 'flag'; readonly summary: string }
  | {
      readonly kind: 'text';
      readonly placeholder: string;
      readonly summary: string;
      readonly required?: boolean;
      readonly choices?: readonly string[];
      readonly default?: string;
    }
  | {
      readonly kind: 'number';
      readonly placeholder: string;
      readonly summary: string;
      readonly range: readonly [number, number];
      readonly default?: number;
    }
  | { readonly kind: 'list'; readonly placeholder: string; readonly summary: string };

export type Options = Readonly<Record<string, Option>>;

type Filled = { readonly required: true } | { readonly default: string | number };

type ValueOf<O extends Option> = O extends { kind: 'flag' }
  ? boolean
  : O extends { kind: 'list' }
    ? readonly string[]
    : O extends { kind: 'number' }
      ? O extends Filled
        ? number
        : number | undefined
      : O extends Filled
        ? string
        : string | undefined;

/** The parsed options of a command, with defaults filled in and requirements checked. */
export type Values<O extends Options> = { readonly [K in keyof O]: ValueOf<O[K]> };

export type Value = boolean | number | string | readonly string[] | undefined;

export type Example = { readonly line: string; readonly does: string };

export type Definition<O extends Options> = {
  /** The noun and the verb: `['tenant', 'create']`; a lone verb such as `['up']` is allowed. */
  readonly name: readonly [string] | readonly [string, string];
  /** One line, no full stop: the first line of the help. */
  readonly summary: string;
  /** What a reader must know before using it, in whole sentences. */
  readonly description: string;
  readonly options: O;
  readonly examples: readonly Example[];
  /** The option that a word without a name fills, as in `bulkhead scan URL`. */
  readonly argument?: string;
  /** Meaning of exit code 1 where the command can answer no. */
  readonly no?: string;
  /** Codes and meanings of a command that has its own; a line that is not understood then ends with 3. */
  readonly exits?: readonly (readonly [code: string, meaning: string])[];
  run(values: Values<O>, terminal: Terminal): Promise<ExitCode>;
};

/** A command whose option types are erased, as the dispatcher sees it. */
export type Command = Omit<Definition<Options>, 'run'> & {
  run(values: Readonly<Record<string, Value>>, terminal: Terminal): Promise<ExitCode>;
};

/** Declares a command, inferring the types of its values from its options. */
export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  return definition;
}
