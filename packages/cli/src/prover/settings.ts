import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FailOn, IdentityCarrier, ModelSettings, Preset } from '@bulkhead/prover';
import type { Values } from '../command-line/command.ts';
import { usageFailure } from '../command-line/failure.ts';
import { failOnNames, presetNames, type proverOptions } from './options.ts';

export type ProverValues = Values<typeof proverOptions>;

export type ProverSettings = {
  model: ModelSettings;
  /** undefined: the command's own default */
  failOn: FailOn | undefined;
  baseline: string | undefined;
  tenants: readonly string[];
};

type Kind = 'text' | 'texts' | 'map';
/** What a configuration file may say. */
const keys: Readonly<Record<string, Kind>> = {
  preset: 'text',
  roles: 'texts',
  schemas: 'texts',
  setting: 'text',
  claim: 'text',
  tenantColumns: 'map',
  shared: 'texts',
  tenants: 'texts',
  failOn: 'text',
  baseline: 'text',
};

type Config = {
  preset?: Preset;
  roles?: string[];
  schemas?: string[];
  setting?: string;
  claim?: string;
  tenantColumns?: Record<string, string>;
  shared?: string[];
  tenants?: string[];
  failOn?: FailOn;
  baseline?: string;
};

/**
 * What the command line and the configuration file say of a database, the former being the stronger, key by key.
 *
 * @throws CommandFailure when the file cannot be read or says something that is not understood
 */
export async function proverSettings(
  values: ProverValues & { 'fail-on': string | undefined },
  folder: string,
): Promise<ProverSettings> {
  const config = values.config === undefined ? {} : await readConfig(resolve(folder, values.config));
  const carrier = carrierOf(values) ?? carrierOf(config);
  const flags = tenantColumns(values['tenant-column']);
  const some = (given: readonly string[], configured: string[] | undefined): string[] | undefined =>
    given.length > 0 ? [...given] : configured;
  const [roles, schemas, shared] = [
    some(values.role, config.roles),
    some(values.schema, config.schemas),
    some(values.shared, config.shared),
  ];
  const preset = presetNames.find((name) => name === values.preset) ?? config.preset;
  const columns = { ...config.tenantColumns, ...flags };
  return {
    model: {
      ...(preset === undefined ? {} : { preset }),
      ...(roles === undefined ? {} : { roles }),
      ...(schemas === undefined ? {} : { schemas }),
      ...(shared === undefined ? {} : { shared }),
      ...(carrier === undefined ? {} : { carriers: [carrier] }),
      ...(Object.keys(columns).length === 0 ? {} : { tenantColumns: columns }),
      origin: values.config === undefined ? 'flag' : 'config',
    },
    failOn: failOnNames.find((name) => name === values['fail-on']) ?? config.failOn,
    baseline: values.baseline ?? config.baseline,
    tenants: config.tenants ?? [],
  };
}

function carrierOf({ setting, claim }: { setting?: string | undefined; claim?: string | undefined }) {
  if (setting !== undefined && claim !== undefined)
    throw usageFailure('A tenant is named by a setting or by a claim, not by both.');
  const [name = '', cast = 'text'] = (setting ?? claim ?? '').split(':');
  if (name === '') return undefined;
  const carrier: IdentityCarrier =
    setting === undefined
      ? { kind: 'claim', setting: 'request.jwt.claims', path: name.split('.'), cast }
      : { kind: 'setting', name, cast };
  return carrier;
}

function tenantColumns(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      const [table, column] = at === -1 ? ['*', text] : [text.slice(0, at), text.slice(at + 1)];
      if (table === '' || column === '') throw usageFailure('--tenant-column takes COLUMN or TABLE=COLUMN.');
      return [table, column];
    }),
  );
}

async function readConfig(path: string): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw usageFailure(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return checkConfig(JSON.parse(text) as unknown);
  } catch (error) {
    throw usageFailure(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkConfig(config: unknown): Config {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new Error('not an object');
  for (const [key, value] of Object.entries(config) as [string, unknown][]) {
    const kind = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (kind === undefined) throw new Error(`unknown key "${key}"; known: ${Object.keys(keys).join(', ')}`);
    if (!isKind(value, kind)) throw new Error(`"${key}" is ${explained[kind]}`);
  }
  const { preset, failOn, ...rest } = config as Omit<Config, 'preset' | 'failOn'> & Record<string, unknown>;
  if (preset !== undefined && !presetNames.some((name) => name === preset))
    throw new Error(`"preset" is one of: ${presetNames.join(', ')}`);
  if (failOn !== undefined && !failOnNames.some((name) => name === failOn))
    throw new Error(`"failOn" is one of: ${failOnNames.join(', ')}`);
  return { ...rest, ...(config as Pick<Config, 'preset' | 'failOn'>) };
}

const explained: Readonly<Record<Kind, string>> = {
  text: 'a text',
  texts: 'a list of texts',
  map: 'an object of texts',
};

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === 'text') return typeof value === 'string';
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== (kind === 'texts'))
    return false;
  return Object.values(value).every((each) => typeof each === 'string');
}
