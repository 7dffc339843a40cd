import { readFile } from 'node:fs/promises';
import { defineCommand, exit } from '../command-line/command.ts';

/** The versions of this package and of the Node.js that runs it. */
export async function readVersion(): Promise<{ bulkhead: string; node: string }> {
  const manifest: unknown = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : 'unknown';
  return { bulkhead: version, node: process.versions.node };
}

export const version = defineCommand({
  name: ['version'],
  summary: 'print the versions of Bulkhead and of Node.js',
  description: 'Prints one line; with --json an object with the keys bulkhead and node.',
  options: {},
  examples: [{ line: 'bulkhead version', does: 'print the version' }],
  async run(_values, terminal) {
    const versions = await readVersion();
    const text = `bulkhead ${versions.bulkhead} (node ${versions.node})`;
    terminal.answer({ json: versions, text });
    return exit.ok;
  },
});
