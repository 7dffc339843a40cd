import { createHash } from 'node:crypto';
import fc from 'fast-check';

/** As much of JSON Schema as the OpenAPI document uses for inputs. */
type Schema = {
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  minItems?: number;
  anyOf?: Schema[];
  allOf?: Schema[];
  oneOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  default?: unknown;
};

type Parameter = { name: string; in: string; schema?: Schema };
type Described = {
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
};
export type OpenApiDocument = { paths: Record<string, Record<string, Described>> };

/** One field that a scanner may write into. */
export type Field = {
  /** `path.id`, `query.search`, `body.lines.0.description` … */
  name: string;
  /** A value that the procedure would take, if nothing but the schema mattered. */
  value: string;
  /** How the text becomes JSON. */
  kind: 'text' | 'number' | 'boolean';
};

export type Operation = { id: string; method: string; path: string; takesBody: boolean; fields: Field[] };

/** Every procedure of an OpenAPI document, with its fields filled in. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const id = described.operationId ?? `${method} ${path}`;
      const body = described.requestBody?.content?.['application/json']?.schema;
      const fields = [
        ...(described.parameters ?? []).flatMap(({ name, in: where, schema }) =>
          where === 'path' || where === 'query' ? leaves(`${where}.${name}`, schema ?? {}) : [],
        ),
        ...(body === undefined ? [] : leaves('body', body)),
      ].map((field) => ({ ...field, value: wantedBy(id, field) }));
      return { id, method: method.toUpperCase(), path, takesBody: body !== undefined, fields };
    }),
  );
}

function leaves(name: string, schema: Schema): Field[] {
  const one = settled(schema);
  if (one.properties !== undefined) {
    return Object.entries(one.properties).flatMap(([key, inner]) => leaves(`${name}.${key}`, inner));
  }
  if (one.items !== undefined) {
    const { items, minItems = 1 } = one;
    return Array.from({ length: Math.max(1, minItems) }, (_, index) =>
      leaves(`${name}.${index}`, items),
    ).flat();
  }
  // An object of no fields, or of any: nothing to write into.
  if (one.type === 'object') return [];
  if (one.type === 'boolean') return [{ name, value: textOf(one.const ?? false), kind: 'boolean' }];
  if (one.type === 'integer' || one.type === 'number') {
    const value = textOf(one.const ?? one.default ?? Math.max(1, one.minimum ?? 1));
    return [{ name, value, kind: 'number' }];
  }
  return [{ name, value: textFor(name, one), kind: 'text' }];
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The first alternative that is something, with what holds for all of them. */
function settled(schema: Schema): Schema {
  const alternatives = schema.anyOf ?? schema.oneOf;
  const chosen = alternatives?.find(({ type }) => type !== 'null');
  return chosen === undefined ? schema : { ...schema, ...settled(chosen) };
}

const byFormat: Record<string, string> = {
  email: 'somebody@example.org',
  uuid: '00000000-0000-4000-8000-000000000000',
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00.000Z',
  // What the server fetches goes no further than its guard.
  uri: 'https://127.0.0.1/',
};

/** What the schema does not tell. An empty field is left out of the request. */
const byName: Record<string, string> = {
  cursor: '',
  password: 'seven copper lanterns drift',
  permissions: 'tenants:company.read',
  moduleRoles: 'books:viewer',
  eventTypes: 'webhooks.test',
  timeZone: 'Europe/Berlin',
  breakGlassAccountIds: '',
  code: '4711',
};

/** What one procedure wants otherwise. */
const byField: Record<string, string> = {
  'invite.create body.role': 'member',
  'domain.add body.name': 'probe.example',
  'connection.change body.saml': '',
  'books.ledgerAccounts.create body.type': 'income',
  'books.journal.post body.postings.0.credit': '',
  'books.journal.post body.postings.1.debit': '',
  'books.journal.post body.postings.0.customerId': '',
  'books.journal.post body.postings.1.customerId': '',
};

function wantedBy(id: string, { name, value }: Field): string {
  const [, wanted = value] = Object.entries(byField).find(([key]) => `${id} ${name}`.startsWith(key)) ?? [];
  return wanted;
}

function textFor(name: string, schema: Schema): string {
  const field =
    name
      .replace(/\.\d+$/, '')
      .split('.')
      .at(-1) ?? '';
  const fixed = byName[field] ?? schema.const ?? schema.enum?.[0] ?? schema.default ?? undefined;
  if (fixed !== undefined) return textOf(fixed);
  const known = byFormat[schema.format ?? ''];
  if (known !== undefined) return known;
  const { minLength = 0, maxLength = Infinity } = schema;
  const patterns = [schema, ...(schema.allOf ?? [])].flatMap(({ pattern }) =>
    pattern === undefined ? [] : [new RegExp(pattern, 'u')],
  );
  const fits = (text: string): boolean =>
    text.length >= minLength && text.length <= maxLength && patterns.every((pattern) => pattern.test(text));
  const unlike = createHash('sha256').update(name).digest('hex');
  const guesses = ['probe', 'PROBE', 'EUR', '10.00', '1000', '0123456789abcdef01234567', unlike.slice(0, 40)];
  const guess = guesses.find(fits);
  if (guess !== undefined || patterns[0] === undefined) return guess ?? 'probe'.padEnd(minLength, 'x');
  const made = fc.sample(fc.stringMatching(patterns[0]), { numRuns: 50, seed: 1 });
  return made.find(fits) ?? 'probe';
}

/** Ids of things that are there, by the address of their collection. */
export type KnownIds = Map<string, string>;

/** The operation, with ids of things that are there where it asks for one. */
export function withIds(operation: Operation, known: KnownIds): Operation {
  const fields = operation.fields.map((field) => {
    const id = idFor(operation, field, known);
    return id === undefined || field.value === '' ? field : { ...field, value: id };
  });
  return { ...operation, fields };
}

function idFor({ path }: Operation, { name }: Field, known: KnownIds): string | undefined {
  const [where, ...names] = name.replace(/\.0$/, '').split('.');
  const last = names.at(-1) ?? '';
  if (where === 'path') return known.get(path.slice(0, path.indexOf(`/{${last}}`)));
  const noun = /^(\w+?)(?:Ids?)$/.exec(last)?.[1] ?? (last === 'companies' ? 'company' : undefined);
  if (noun === undefined) return undefined;
  const collection = `/${plural(noun.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))}`;
  return [...known].find(([address]) => address.endsWith(collection))?.[1];
}

const plural = (noun: string): string => (noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`);

/** Remembers the id of what was made, or of the first thing of a list. */
export function learn(known: KnownIds, { path }: Operation, answer: string): void {
  if (path.endsWith('}') || known.has(path)) return;
  const id = /"id":"([^"]+)"/.exec(answer)?.[1];
  if (id !== undefined) known.set(path, id);
}
