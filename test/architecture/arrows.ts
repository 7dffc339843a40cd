/** The arrows between packages (ARCHITECTURE.md), checked on the text of the sources. */

export type Source = { path: string; text: string };

/** A package: where it is, what of the workspace it may import, and what its package.json declares. */
export type Package = { name: string; folder: string; declared: ReadonlySet<string> };

type Layer = { imports: readonly string[]; typesOnly?: readonly RegExp[]; readsEnvironment?: boolean };

const layers: Readonly<Record<string, Layer>> = {
  '@bulkhead/kernel': { imports: [] },
  '@bulkhead/prover': { imports: [] },
  '@bulkhead/platform': { imports: ['@bulkhead/kernel'] },
  '@bulkhead/server': { imports: ['@bulkhead/kernel', '@bulkhead/platform'], readsEnvironment: true },
  '@bulkhead/books': { imports: ['@bulkhead/kernel', '@bulkhead/platform', '@bulkhead/server'] },
  '@bulkhead/lab': { imports: ['@bulkhead/kernel', '@bulkhead/server'] },
  '@bulkhead/cli': {
    imports: [
      '@bulkhead/kernel',
      '@bulkhead/prover',
      '@bulkhead/platform',
      '@bulkhead/server',
      '@bulkhead/books',
      '@bulkhead/lab',
      '@bulkhead/console',
    ],
    readsEnvironment: true,
  },
  '@bulkhead/console': {
    imports: [],
    typesOnly: [/^@bulkhead\/(?:server|books|lab)\/contract(?:\/|$)/],
  },
};

type Import = { specifier: string; typeOnly: boolean };

const statement =
  /(?:^|\n)\s*(?<keyword>import|export)\s+(?<type>type\s+)?(?<names>[^'";]*?\sfrom\s+)?['"](?<target>[^'"]+)['"]/g;
const dynamic = /\bimport\(\s*['"](?<target>[^'"]+)['"]/g;

/** What a source imports, re-exports included. A dynamic import counts as one of values. */
export function importsOf(text: string): Import[] {
  const found = [...text.matchAll(statement)].map(({ groups }) => ({
    specifier: groups?.['target'] ?? '',
    typeOnly: groups?.['type'] !== undefined,
  }));
  const later = [...text.matchAll(dynamic)].map(({ groups }) => ({
    specifier: groups?.['target'] ?? '',
    typeOnly: false,
  }));
  return [...found, ...later];
}

/** One sentence per import (or reading of the environment) that the architecture forbids. */
export function violations(source: Source, packages: readonly Package[]): string[] {
  const home = packages.find(({ folder }) => source.path.startsWith(`${folder}/`));
  if (!home) return [];
  const layer = layers[home.name];
  if (!layer)
    return [`${source.path}: ${home.name} has no place in the architecture yet: add it to test/architecture`];
  const isTest = /\.test\.tsx?$|\/test\/|\/tests\//.test(source.path);
  const problems = importsOf(source.text).flatMap((imported) => {
    const reason = isTest ? undefined : refusal(imported, { source, home, layer });
    return reason === undefined ? [] : [`${source.path}: imports ${imported.specifier}: ${reason}`];
  });
  const reads = /\bprocess\.env\b/.test(source.text) && source.path.startsWith(`${home.folder}/src/`);
  if (reads && layer.readsEnvironment !== true && !isTest) {
    problems.push(
      `${source.path}: reads process.env: only the server and the command line read configuration`,
    );
  }
  return problems;
}

type Place = { source: Source; home: Package; layer: Layer };

function refusal({ specifier, typeOnly }: Import, { source, home, layer }: Place): string | undefined {
  // Node's own modules, and what the console's bundler makes up.
  if (/^(?:node|virtual):/.test(specifier)) return undefined;
  if (specifier.startsWith('.')) {
    const target = new URL(specifier, `file:///${source.path}`).pathname.slice(1);
    return target.startsWith(`${home.folder}/`) ? undefined : `it lies outside ${home.folder}`;
  }
  const name = packageName(specifier);
  if (name === home.name) return undefined;
  if (name.startsWith('@bulkhead/')) {
    if (layer.typesOnly?.some((pattern) => pattern.test(specifier))) {
      return typeOnly ? undefined : 'only types may be imported from there';
    }
    if (!layer.imports.includes(name)) return `${home.name} may not depend on ${name}`;
  }
  return home.declared.has(name)
    ? undefined
    : `${name} is not among the dependencies in ${home.folder}/package.json`;
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
