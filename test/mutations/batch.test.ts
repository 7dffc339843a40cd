import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { TenantPool } from '../../packages/kernel/src/pool.ts';
import type { Stage } from '../isolation/matrix.ts';
import { worlds } from '../isolation/worlds.ts';
import { openLab } from '../isolation/lab.ts';
import { connected } from './assertions.ts';

let lab: Stage;
let folder: string;
before(async () => {
  lab = await openLab();
  // Beside this file, so that it finds the packages that the sources import.
  folder = await mkdtemp(fileURLToPath(new URL('.mutant-', import.meta.url)));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
  await lab.database.drop();
});

/** The data access of a copy of the sources in which one line of batch.ts is another. */
async function mutant(line: string, instead: string): Promise<typeof TenantPool> {
  const sources = fileURLToPath(new URL('../../packages/kernel/src', import.meta.url));
  await cp(sources, folder, { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
  const file = `${folder}/batch.ts`;
  const source = await readFile(file, 'utf8');
  assert.ok(source.includes(line), `batch.ts has no line ${line}`);
  await writeFile(file, source.replace(line, instead));
  return ((await import(`${folder}/pool.ts`)) as { TenantPool: typeof TenantPool }).TenantPool;
}

/** A batch that names two tenants is refused whole, and the refusal is on record. */
async function straddlingIsRefused(Pool: typeof TenantPool): Promise<string[]> {
  const pool = new Pool({ connection: lab.database.connections.app, sealer: lab.database.sealer });
  const { tenant, account } = worlds.own;
  const session = pool.as({ tenant, actor: { kind: 'account', id: account } });
  const count = (sql: string): Promise<number> =>
    connected(lab, 'superuser', async (client) => (await client.query(sql)).rowCount ?? 0);
  const records = `select from bulkhead.audit_entry where action = 'batch.refused'`;
  const written = `select from lab.folder where code = 'straddles'`;
  const [recorded, standing] = [await count(records), await count(written)];
  const text = `insert into lab.folder (code) values ('straddles')`;
  const refused = await session.batch([{ text }, { tenant: worlds.otherTenant.tenant, text }]).then(
    () => false,
    (error: { code?: string }) => error.code === 'batch_straddles_tenants',
  );
  await pool.close();
  return [
    ...(refused ? [] : ['it is not refused']),
    ...((await count(written)) === standing ? [] : ['some of it is done']),
    ...((await count(records)) === recorded + 1 ? [] : ['the refusal is not on record']),
  ];
}

test('ISO-9 the assertion turns red when the batch guard is removed', async () => {
  assert.deepEqual(await straddlingIsRefused(TenantPool), []);
  const unguarded = await mutant(
    'const own = tenant.toLowerCase();',
    'const own = members[0]?.tenant ?? tenant; if (own) return [];',
  );
  assert.notDeepEqual(await straddlingIsRefused(unguarded), []);
});
