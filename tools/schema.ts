/** Writes each line's schema.sql from what its migrations make. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeSchema } from './check/describeSchema.ts';
import { schemaFiles, withMigratedDatabase } from './check/schema.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

await withMigratedDatabase(async (client) => {
  for (const { path, schemas } of schemaFiles) {
    const target = join(root, path);
    if (!existsSync(dirname(target))) continue;
    await writeFile(target, await describeSchema(client, schemas));
    console.log(`wrote ${path}`);
  }
});
