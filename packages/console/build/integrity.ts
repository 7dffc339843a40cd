import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/**
 * Writes the hash of each script that the page names into the page (Subresource Integrity): where a cache or a content
 * network serves the files and the server serves the page, the browser runs what was built, or nothing.
 */
export function scriptIntegrity(): Plugin {
  return {
    name: 'bulkhead:script-integrity',
    apply: 'build',
    writeBundle: {
      sequential: true,
      order: 'post',
      async handler({ dir = '' }) {
        const path = join(dir, 'index.html');
        await writeFile(
          path,
          await withIntegrity(await readFile(path, 'utf8'), (file) => readFile(join(dir, file))),
        );
      },
    },
  };
}

/** The page with an `integrity` attribute at each script that has an address. */
export async function withIntegrity(
  page: string,
  read: (file: string) => Promise<Uint8Array>,
): Promise<string> {
  const addresses = [...page.matchAll(/<script\b[^>]*? src="\/([^"]+)"/g)].map(([, address = '']) => address);
  const hashes = await Promise.all(
    addresses.map(async (address) =>
      createHash('sha384')
        .update(await read(address))
        .digest('base64'),
    ),
  );
  return addresses.reduce(
    (text, address, index) =>
      text.replace(` src="/${address}"`, ` src="/${address}" integrity="sha384-${hashes[index] ?? ''}"`),
    page,
  );
}
