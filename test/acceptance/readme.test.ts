import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../harness/index.ts';

let database: TestDatabase;
let folder = '';
const readme = new URL('../../README.md', import.meta.url);

before(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-readme-'));
});
after(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function sample(language: string): Promise<string> {
  const [, code] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(await readFile(readme, 'utf8')) ?? [];
  assert.ok(code, `the page has a sample in ${language}`);
  return code;
}

type World = { connectionString: string; key: TestDatabase['key']; tenant: string; account: string };

/** Runs the page's TypeScript as it stands, with the names it takes for granted given. */
async function runSample(world: World): Promise<{ rows: { label: string }[] }> {
  const kernel = import.meta.resolve('@bulkhead/kernel');
  const code = (await sample('ts'))
    .replace("'@bulkhead/kernel'", JSON.stringify(kernel))
    .replace(/^await session\.query/m, 'export const result = await session.query')
    .concat('\nawait db.close();\n');
  const given = `const { connectionString, key, tenant, account } = globalThis.readmeWorld;\n`;
  const file = join(folder, `sample-${randomUUID()}.ts`);
  await writeFile(file, given + code);
  Object.assign(globalThis, { readmeWorld: world });
  const loaded = (await import(pathToFileURL(file).href)) as { result: { rows: { label: string }[] } };
  return loaded.result;
}

test('the samples of README do what they say, for one tenant and not for another', async () => {
  const owner = new pg.Client(database.connections.owner);
  await owner.connect();
  try {
    await owner.query(await sample('sql'));
  } finally {
    await owner.end();
  }
  const { user, password, host, port, database: name } = database.connections.app;
  const connectionString = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`;
  const [tenant, other, account] = [randomUUID(), randomUUID(), randomUUID()];

  const app = new pg.Client({ connectionString });
  await app.connect();
  try {
    await app.query('begin');
    const token = database.sealer.seal({ tenant, actor: { kind: 'account', id: account } });
    await app.query(`select set_config('bulkhead.context', $1, true)`, [token]);
    await app.query(`insert into shop.parcel (label) values ('A-17')`);
    await app.query('commit');
  } finally {
    await app.end();
  }

  const world = { connectionString, key: database.key, account };
  assert.deepEqual(
    (await runSample({ ...world, tenant })).rows.map(({ label }) => label),
    ['A-17'],
  );
  assert.deepEqual((await runSample({ ...world, tenant: other })).rows, []);
});
