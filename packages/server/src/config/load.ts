import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { listSettings } from './describe.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';
import { inspectSecretFile } from './secretFile.ts';
import type { InspectSecretFile } from './secretFile.ts';
import type { SecretSource } from './secrets.ts';

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
 * @param options.inspect looks at a secret's file before it is read; default: as it is on disk, where `readText` is not given
 * @throws {ConfigError} with every problem found
 */
export async function loadConfig(options: {
  env: Readonly<Record<string, string | undefined>>;
  readText?: ReadText;
  inspect?: InspectSecretFile | undefined;
}): Promise<Config> {
  const { env, readText = (path) => readFile(path, 'utf8') } = options;
  const inspect = options.inspect ?? (options.readText === undefined ? inspectSecretFile : undefined);
  const reading: Reading = { readText, inspect, problems: [], sources: [] };
  const tree = await readConfigFile(env['BULKHEAD_CONFIG'], reading);
  await applyEnvironment(tree, env, reading);
  await inspectClientSecrets(tree, reading);
  return {
    ...checkConfig(tree, [...reading.problems, ...bakedSecrets(tree, reading)]),
    secretSources: reading.sources,
  };
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

type Reading = {
  readText: ReadText;
  inspect: InspectSecretFile | undefined;
  problems: ConfigProblem[];
  sources: SecretSource[];
};

/** Secrets in the environment of a service that people reach: whoever reads that environment or the image has them. */
function bakedSecrets(tree: Tree, { sources }: Reading): ConfigProblem[] {
  const publicUrl = leafOf(tree, ['http', 'publicUrl']);
  const accepted = String(leafOf(tree, ['secrets', 'fromEnvironment'])) === 'true';
  if (typeof publicUrl !== 'string' || !publicUrl.startsWith('https:') || accepted) return [];
  return sources.flatMap(({ from, variable }) =>
    from === 'environment'
      ? [
          {
            setting: variable,
            message: `is a secret in the environment: mount it as a file and name that in ${variable}_FILE, or set secrets.fromEnvironment`,
          },
        ]
      : [],
  );
}

/** The files that the providers of `signIn.providers` name. */
async function inspectClientSecrets(tree: Tree, reading: Reading): Promise<void> {
  const parsed = configSchema.shape.signIn.safeParse(tree['signIn']);
  for (const { name, clientSecretFile: path } of parsed.data?.providers ?? []) {
    if (path === undefined) continue;
    const setting = `signIn.providers.${name}.clientSecret`;
    // oxlint-disable-next-line no-await-in-loop -- problems stand in the order of the providers
    const text = await readSecretFile(path, { ...reading, setting });
    if (text === undefined) continue;
    reading.sources.push({
      setting,
      variable: 'BULKHEAD_SIGN_IN_PROVIDERS',
      from: 'file',
      path,
      digest: digestOf(text),
    });
  }
}

/** A secret's text; undefined, with a problem told, where the file is missing or exposed. */
async function readSecretFile(
  path: string,
  { readText, inspect, problems, setting }: Reading & { setting: string },
): Promise<string | undefined> {
  try {
    const { refusal } = (await inspect?.(path)) ?? {};
    if (refusal !== undefined) {
      problems.push({ setting, message: `${path} ${refusal}` });
      return undefined;
    }
    return withoutLineBreak(await readText(path));
  } catch (error) {
    problems.push({ setting, message: `cannot read ${path} (${reasonOf(error)})` });
    return undefined;
  }
}

/** What a secret's file holds: its text without the final line break. */
export function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/** By which a change of a secret is noticed. */
export function digestOf(text: string): string {
  return hash('sha256', text);
}

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
    const value = await readVariable(env, { variable, secret, setting: path.join('.'), ...reading });
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
  options: Reading & { variable: string; secret: boolean; setting: string },
): Promise<string | undefined> {
  const { variable, secret, setting, problems, sources } = options;
  const direct = env[variable] === '' ? undefined : env[variable];
  const path = secret ? env[`${variable}_FILE`] : undefined;
  if (path === undefined || path === '') {
    if (secret && direct !== undefined) sources.push({ setting, variable, from: 'environment' });
    return direct;
  }
  if (direct !== undefined) {
    problems.push({ setting: variable, message: `is given twice: also as ${variable}_FILE` });
    return undefined;
  }
  const text = await readSecretFile(path, { ...options, setting: `${variable}_FILE` });
  if (text !== undefined) sources.push({ setting, variable, from: 'file', path, digest: digestOf(text) });
  return text;
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
