import type { Catalog, Relation, Routine } from '../catalog/types.ts';

/** Finds what a name in SQL text means. */
export type Lookup = {
  relation: (id: string) => Relation | undefined;
  /** A name without a schema is looked for in `paths`, then anywhere if only one relation has it. */
  relationNamed: (schema: string | null, name: string, paths?: readonly string[]) => Relation | undefined;
  routine: (id: string) => Routine | undefined;
  /** All overloads with as many or more parameters than arguments; built-in functions give none. */
  routinesNamed: (name: readonly string[], parameters: number, paths?: readonly string[]) => Routine[];
};

/** Indexes a catalog by name. */
export function createLookup(catalog: Pick<Catalog, 'relations' | 'routines'>): Lookup {
  const relations = new Map(catalog.relations.map((relation) => [relation.id, relation]));
  const relationsByName = Map.groupBy(catalog.relations, ({ name }) => name);
  const routines = new Map(catalog.routines.map((routine) => [routine.id, routine]));
  const routinesByName = Map.groupBy(catalog.routines, ({ name }) => name);
  return {
    relation: (id) => relations.get(id),
    relationNamed: (schema, name, paths) => inSchema(relationsByName.get(name) ?? [], schema, paths)[0],
    routine: (id) => routines.get(id),
    routinesNamed: (name, parameters, paths) => {
      const candidates = routinesByName.get(name.at(-1) ?? '') ?? [];
      const found = inSchema(candidates, name.length > 1 ? (name.at(-2) ?? null) : null, paths);
      return found.filter((routine) => parameterNames(routine).length >= parameters);
    },
  };
}

function inSchema<Named extends { schema: string }>(
  candidates: readonly Named[],
  schema: string | null,
  paths: readonly string[] = [],
): Named[] {
  if (schema !== null) return candidates.filter((each) => each.schema === schema);
  for (const path of paths) {
    const found = candidates.filter((each) => each.schema === path);
    if (found.length > 0) return found;
  }
  const only = new Set(candidates.map((each) => each.schema));
  return only.size === 1 ? [...candidates] : [];
}

/** Names of a routine's parameters, '' for one without a name; types with commas do not mislead it. */
export function parameterNames(routine: Pick<Routine, 'arguments'>): string[] {
  if (routine.arguments === '') return [];
  const parameters = routine.arguments.match(/(?:[^,"(]|"(?:[^"]|"")*"|\([^)]*\))+/g) ?? [];
  return parameters.map((parameter) => {
    const words = parameter.trim().match(/"(?:[^"]|"")*"|\S+/g) ?? [];
    const [first = '', second] = words;
    const isMode = /^(IN|OUT|INOUT|VARIADIC)$/.test(first);
    const name = isMode ? second : words.length > 1 ? first : '';
    return (name ?? '').replace(/^"|"$/g, '').replaceAll('""', '"');
  });
}

/** The schemas of a `search_path` setting among `name=value` lines, or null when there is none. */
export function searchPathOf(settings: readonly string[]): string[] | null {
  const line = settings.find((setting) => setting.startsWith('search_path='));
  if (line === undefined) return null;
  return line
    .slice('search_path='.length)
    .split(',')
    .map((path) => path.trim().replace(/^"(.*)"$/, '$1'))
    .filter((path) => path !== '');
}
