import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

const folder = new URL('../packages/platform/src/audit/ledger/', import.meta.url);

/** In an order in which each uses only what stands before it. */
const parts = [
  'encoding',
  'merkle',
  'note',
  'key',
  'chainVerifier',
  'notes',
  'exportLines',
  'exportFile',
  'entryProof',
  'offline',
] as const;

const heading = `#!/usr/bin/env node
// Checks an export of a Bulkhead audit log, or the proof of one entry, with Node.js 22 or newer and nothing else:
// no package, no network, no database. What it checks and why that suffices: docs/audit-format.md, docs/audit.md.
// Made from packages/platform/src/audit/ledger by npm run docs; its parts stand there with their tests.
`;

const ending = `
process.exitCode = await runOffline(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
`;

function withoutImports(source: string, imports: Map<string, Set<string>>): string {
  return source.replaceAll(
    /^import (type )?\{([^}]*)\} from '([^']+)';\n/gm,
    (...[, isType, names, from]: string[]) => {
      if (isType === undefined && from?.startsWith('node:') === true) {
        const known = imports.get(from) ?? new Set<string>();
        for (const name of (names ?? '').split(',').map((text) => text.trim())) {
          if (name !== '' && !name.startsWith('type ')) known.add(name);
        }
        imports.set(from, known);
      }
      return '';
    },
  );
}

/** The verifier as one file of plain JavaScript. */
export async function verifyAuditFile(): Promise<string> {
  const imports = new Map<string, Set<string>>();
  const bodies: string[] = [];
  for (const part of parts) {
    const source = await readFile(new URL(`${part}.ts`, folder), 'utf8');
    const body = stripTypeScriptTypes(withoutImports(source, imports), { mode: 'strip' }).replaceAll(
      /^export (?=\w)/gm,
      '',
    );
    bodies.push(`// ---- ${part}\n\n${body.trim()}\n`);
  }
  const header = [...imports].map(
    ([from, names]) => `import { ${[...names].toSorted().join(', ')} } from '${from}';\n`,
  );
  return formatted(`${heading}${header.toSorted().join('')}\n${bodies.join('\n')}${ending}`);
}

function formatted(source: string): string {
  const packageFile = createRequire(import.meta.url).resolve('oxfmt/package.json');
  const program = join(dirname(packageFile), 'bin', 'oxfmt');
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    [program, '--stdin-filepath', 'verify-audit.mjs'],
    {
      input: source.replaceAll(/[ \t]+$/gm, ''),
      encoding: 'utf8',
      cwd: new URL('..', import.meta.url),
    },
  );
  if (status !== 0) throw new Error(`the verifier could not be formatted: ${stderr}`);
  return stdout;
}
