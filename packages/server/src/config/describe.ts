import * as z from 'zod';
import { configSchema } from './schema.ts';
import type { SettingMeta } from './setting.ts';

/** One setting: where it stands in the file, its variable, and its documentation. */
export type SettingDescription = {
  path: readonly string[];
  variable: string;
  secret: boolean;
  description: string;
  otherwise: string;
};

/** Every setting in the schema's order. */
export function listSettings(): SettingDescription[] {
  return Object.entries(configSchema.shape).flatMap(([section, schema]) =>
    Object.entries(sectionShape(schema)).map(([name, leaf]) => describe([section, name], leaf)),
  );
}

/** The schema of one setting, e.g. of `mail.password`; undefined: there is none of that name. */
export function settingSchema(setting: string): z.ZodType | undefined {
  const [section = '', name = ''] = setting.split('.');
  const found = Object.entries(configSchema.shape).find(([key]) => key === section);
  return found === undefined ? undefined : sectionShape(found[1])[name];
}

/** The table of settings in Markdown, as it stands in the package's README. */
export function settingsTable(): string {
  const rows = listSettings().map(({ path, variable, secret, description, otherwise }) => {
    const names = secret ? `\`${variable}\`, \`${variable}_FILE\`` : `\`${variable}\``;
    return `| \`${path.join('.')}\` | ${names} | ${otherwise} | ${description} |`;
  });
  return ['| setting | environment | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function sectionShape(schema: z.ZodType): Record<string, z.ZodType> {
  const inner = schema instanceof z.ZodPipe ? schema.out : schema;
  const object = inner instanceof z.ZodPrefault ? inner.unwrap() : inner;
  if (!(object instanceof z.ZodObject)) throw new TypeError('a section must be an object');
  return object.shape;
}

function describe(path: readonly string[], schema: z.ZodType): SettingDescription {
  const meta = schema.meta() as SettingMeta | undefined;
  if (meta === undefined) throw new TypeError(`setting ${path.join('.')} has no description`);
  return {
    path,
    variable: `BULKHEAD_${path.map(toUpperSnake).join('_')}`,
    secret: meta.secret === true,
    description: meta.description,
    otherwise: meta.otherwise ?? defaultOf(schema),
  };
}

function defaultOf(schema: z.ZodType): string {
  if (!(schema instanceof z.ZodDefault)) return 'required';
  const value: unknown = schema.def.defaultValue;
  return Array.isArray(value) && value.length === 0 ? 'none' : `\`${String(value)}\``;
}

function toUpperSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
