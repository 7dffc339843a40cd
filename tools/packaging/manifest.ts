type Entry = string | { [condition: string]: string };

export type Manifest = {
  name: string;
  version: string;
  exports?: Record<string, Entry>;
  bin?: Record<string, string>;
  files?: string[];
  scripts?: Record<string, string>;
  devDependencies?: Record<string, string>;
  private?: boolean;
  [field: string]: unknown;
};

/** Where tsc puts the output of a source: `./src/a.ts` -> `./dist/a.js`. */
export function builtPath(path: string, extension: '.js' | '.d.ts' = '.js'): string {
  return path.replace(/^(\.\/)?src\//, '$1dist/').replace(/\.ts$/, extension);
}

/** The repository's manifest, which points to sources, as it is published, pointing to what was built from them. */
export function publishedManifest(manifest: Manifest): Manifest {
  const { devDependencies: _development, scripts: _scripts, private: _private, ...kept } = manifest;
  const exported = Object.entries(manifest.exports ?? {}).map(([name, entry]) => [
    name,
    publishedEntry(entry),
  ]);
  const commands = Object.entries(manifest.bin ?? {}).map(([name, path]) => [name, builtPath(path)]);
  return {
    ...kept,
    ...(exported.length > 0 && { exports: Object.fromEntries(exported) as Record<string, Entry> }),
    ...(commands.length > 0 && { bin: Object.fromEntries(commands) as Record<string, string> }),
    publishConfig: { access: 'public' },
  };
}

function publishedEntry(entry: Entry): Entry {
  if (typeof entry !== 'string') {
    return Object.fromEntries(Object.entries(entry).map(([condition, path]) => [condition, builtPath(path)]));
  }
  if (!entry.endsWith('.ts')) return entry;
  return { types: builtPath(entry, '.d.ts'), default: builtPath(entry) };
}
