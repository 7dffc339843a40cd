import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { listSettings } from './describe.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';

/** One thing wrong with the configuration. Never holds a value. */
export type ConfigProblem = { setting: string; message: string };

/** Everything wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config_invalid';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ setting, message }) => `  ${setting}: ${message}`);
    super(`The configuration has ${problems.length} problem(s):\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

type Tree = { [key: string]: unknown };

/** Reads a text file; a test may pass its own. */
export type ReadText = (path: string) => Promise<string>;

/**
 * Reads the configuration: the JSON file first, then `BULKHEAD_…` variables over it, then
 * `BULKHEAD_…_FILE` for secrets kept in files.
 *
 * @param options.env environment, e.g. `process.env`; its `BULKHEAD_CONFIG` names the file
 * @param options.readText default reads UTF-8 from disk
 * @throws {ConfigError} with every problem found
 */
export async function loadConfig(options: {
  env: Readonly<Record<string, string | undefined>>;
  readText?: ReadText;
}): Promise<Config> {
  const { env, readText = (path) => readFile(path, 'utf8') } = options;
  const problems: ConfigProblem[] = [];
  const tree = await readConfigFile(env['BULKHEAD_CONFIG'], { readText, problems });
  await applyEnvironment(tree, env, { readText, problems });
  return checkConfig(tree, problems);
}

/**
 * Checks settings that are already a tree, e.g. made by a program rather than read.
 *
 * @throws {ConfigError} with every problem found
 */
export function checkConfig(tree: unknown, found: readonly ConfigProblem[] = []): Config {
  const result = configSchema.safeParse(tree);
  if (result.success && found.length === 0) return result.data;
  const reported = new Set(found.map(({ setting }) => setting));
  const own = result.success ? [] : result.error.issues.flatMap(toProblems);
  throw new ConfigError([...found, ...own.filter(({ setting }) => !reported.has(setting))]);
}

type Reading = { readText: ReadText; problems: ConfigProblem[] };

async function readConfigFile(path: string | undefined, reading: Reading): Promise<Tree> {
  if (path === undefined || path === '') return {};
  const problem = (message: string) => reading.problems.push({ setting: 'BULKHEAD_CONFIG', message });
  let text: string;
  try {
    text = await reading.readText(path);
  } catch (error) {
    problem(`cannot read ${path} (${reasonOf(error)})`);
    return {};
  }
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    problem(`${path} is not valid JSON`);
    return {};
  }
  if (!isTree(tree)) {
    problem(`${path} must hold a JSON object`);
    return {};
  }
  for (const { path: keys, secret } of listSettings()) {
    if (secret && leafOf(tree, keys) !== undefined) {
      reading.problems.push({
        setting: keys.join('.'),
        message: 'is a secret: give it by environment or by a file of its own',
      });
    }
  }
  return tree;
}

async function applyEnvironment(
  tree: Tree,
  env: Readonly<Record<string, string | undefined>>,
  reading: Reading,
): Promise<void> {
  const known = new Set(['BULKHEAD_CONFIG']);
  for (const { path, variable, secret } of listSettings()) {
    known.add(variable);
    if (secret) known.add(`${variable}_FILE`);
    const value = await readVariable(env, { variable, secret, ...reading });
    if (value !== undefined) setLeaf(tree, path, value);
  }
  for (const name of Object.keys(env)) {
    if (name.startsWith('BULKHEAD_') && !known.has(name)) {
      reading.problems.push({ setting: name, message: 'is no setting of this server' });
    }
  }
}

async function readVariable(
  env: Readonly<Record<string, string | undefined>>,
  options: Reading & { variable: string; secret: boolean },
): Promise<string | undefined> {
  const { variable, secret, readText, problems } = options;
  const direct = env[variable];
  const file = secret ? env[`${variable}_FILE`] : undefined;
  if (file === undefined || file === '') return direct === '' ? undefined : direct;
  if (direct !== undefined && direct !== '') {
    problems.push({ setting: variable, message: `is given twice: also as ${variable}_FILE` });
    return undefined;
  }
  try {
    return (await readText(file)).replace(/\r?\n$/, '');
  } catch (error) {
    problems.push({ setting: `${variable}_FILE`, message: `cannot read ${file} (${reasonOf(error)})` });
    return undefined;
  }
}

function toProblems(issue: z.core.$ZodIssue): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => ({
      setting: [...issue.path, name].join('.'),
      message: 'is no setting of this server',
    }));
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [{ setting: issue.path.join('.'), message: missing ? 'is required' : issue.message }];
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function leafOf(tree: Tree, [first = '', ...rest]: readonly string[]): unknown {
  const value = tree[first];
  if (rest.length === 0) return value;
  return isTree(value) ? leafOf(value, rest) : undefined;
}

function setLeaf(tree: Tree, [first = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const existing = tree[first];
  const branch = isTree(existing) ? existing : {};
  tree[first] = branch;
  setLeaf(branch, rest, value);
}
