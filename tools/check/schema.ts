import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../packages/kernel/src/migrate.ts';
import pg from 'pg';
import { createTestDatabase } from '../../test/harness/index.ts';
import { commentProblems, functionProblems, schemaListProblems } from './catalog.ts';
import type { Problems } from './check.ts';
import { describeSchema } from './describeSchema.ts';

/** Which schemas each line of migrations makes, and where their generated description is. */
export const schemaFiles = [
  { path: 'packages/kernel/sql/schema.sql', schemas: ['bulkhead'] },
  {
    path: 'packages/platform/sql/schema.sql',
    schemas: ['billing', 'edge', 'identity', 'mail', 'tenants', 'webhooks'],
  },
  { path: 'apps/books/sql/schema.sql', schemas: ['books'] },
  { path: 'apps/lab/sql/schema.sql', schemas: ['lab'] },
];

/** Calls `use` with a connection (as superuser) to a database that has every migration. */
export async function withMigratedDatabase<T>(use: (client: pg.Client) => Promise<T>): Promise<T> {
  const database = await createTestDatabase({ template: 'full' });
  await migrateLab(database.connections.owner);
  const client = new pg.Client(database.connections.superuser);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
    await database.drop();
    await database.server.stop();
  }
}

/** The demo's lab is in no template, because no server but the demo's has it. */
async function migrateLab(owner: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await migrate(client, { line: 'lab', folder: new URL('../../apps/lab/sql/', import.meta.url) });
  } finally {
    await client.end();
  }
}

/** The migrated catalog: every object commented, no loose function, and schema.sql as generated. */
export function schemaProblems(root: string): Promise<Problems> {
  return withMigratedDatabase(async (client) => {
    const own = schemaFiles.flatMap(({ schemas }) => schemas);
    const problems = [
      ...(await schemaListProblems(client, own)),
      ...(await commentProblems(client, own)),
      ...(await functionProblems(client, own)),
    ];
    for (const { path, schemas } of schemaFiles) {
      const written = await readFile(join(root, path), 'utf8').catch(() => '');
      if (written !== (await describeSchema(client, schemas))) {
        problems.push(
          `${path}: is not what the migrations make: run "npm run schema" and read the difference`,
        );
      }
    }
    return problems;
  });
}
