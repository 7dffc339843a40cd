import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../harness/index.ts';
import { unregisteredTables } from './catalog.ts';
import { cloneStage } from './clone.ts';
import { runCopies } from './copy.ts';
import { generateSchema } from './generatedSchema.ts';
import { mismatches, runMatrix, setStage, type Cell, type Stage } from './matrix.ts';
import { prepareModules, quietModules, samples } from './samples.ts';
import { allWorlds } from './worlds.ts';

const generatedTables = 200;

async function withSuperuser<T>(database: TestDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(database.connections.superuser);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function assertEvery(cells: readonly Cell[], context: { diagnostic(message: string): void }): void {
  const wrong = mismatches(cells);
  context.diagnostic(`${cells.length} cells`);
  assert.equal(
    wrong.length,
    0,
    `${wrong.length} of ${cells.length} cells\n  ${wrong.slice(0, 30).join('\n  ')}`,
  );
}

/** Nothing stands open, nothing is unregistered, and every protected table has rows of every world to be kept apart. */
async function assertSound({ database, tables, seeded }: Stage): Promise<void> {
  const open = await withSuperuser(database, async (client) => ({
    unprotected: (await client.query('select * from bulkhead.unprotected_tables()')).rows,
    unregistered: await unregisteredTables(client),
  }));
  assert.deepEqual(open, { unprotected: [], unregistered: [] });
  const bare = tables
    .filter(({ treatment }) => treatment === 'protected')
    .flatMap((table) =>
      allWorlds
        .filter((world) => seeded.live(table, world) === 0)
        .map(({ name }) => `${table.label}: ${name}`),
    );
  assert.deepEqual(bare, []);
}

describe('ISO-1 ISO-3 ISO-8 ISO-11 the isolation matrix on a generated schema of 200 tables', () => {
  let stage: Stage;

  before(async () => {
    const database = await createTestDatabase();
    const owner = new pg.Client(database.connections.owner);
    await owner.connect();
    await owner.query('begin');
    for (const statement of generateSchema({ tables: generatedTables, seed: 20_261 }))
      await owner.query(statement);
    await owner.query('commit');
    await owner.end();
    stage = await setStage(database);
  });
  after(() => stage.database.drop());

  test('there is something to keep apart', async () => {
    await assertSound(stage);
    assert.equal(stage.tables.length, generatedTables);
  });

  test('every cell comes out as it must', async (context) => {
    const copy = await cloneStage(stage);
    const tenth = stage.tables.filter((_, at) => at % 10 === 0).map(({ label }) => label);
    try {
      const [app, others] = await Promise.all([
        runMatrix(stage, { roles: ['app'], contexts: ['own', 'allCompanies', 'none', 'forged', 'expired'] }),
        runMatrix(copy, { roles: ['owner'], contexts: ['own', 'none', 'forged'] }).then(async (cells) => [
          ...cells,
          ...(await runMatrix(copy, { roles: ['identity', 'worker', 'auditor'] })),
          ...(await runMatrix(copy, { roles: ['app', 'owner'], tables: tenth })),
        ]),
      ]);
      assertEvery([...app, ...others], context);
    } finally {
      await copy.database.drop();
    }
  });

  test('COPY shows what SELECT shows, and takes nothing', async (context) => {
    assertEvery(await runCopies(stage, ['own', 'none', 'forged']), context);
  });
});

describe("ISO-1 ISO-3 ISO-8 ISO-11 the isolation matrix on the application's own tables", () => {
  let stage: Stage;

  before(async () => {
    const database = await createTestDatabase({ template: 'full' });
    stage = await setStage(database, {
      samples,
      prepare: async (superuser) => {
        await prepareModules(superuser);
        await quietModules(superuser);
      },
    });
  });
  after(() => stage.database.drop());

  test('there is something to keep apart', () => assertSound(stage));

  test('every cell comes out as it must', async (context) => {
    assertEvery(await runMatrix(stage), context);
  });

  test('COPY shows what SELECT shows, and takes nothing', async (context) => {
    assertEvery(await runCopies(stage, ['own', 'allCompanies', 'none', 'forged', 'expired']), context);
  });

  test('identity sees, before a tenant is known, the sealed account’s memberships and their tenants only', async () => {
    const account = allWorlds[0]?.account ?? '';
    const client = new pg.Client(stage.database.connections.identity);
    await client.connect();
    const seen = async (token: string): Promise<unknown[]> => {
      await client.query(`select set_config('bulkhead.context', $1, false)`, [token]);
      const { rows } = await client.query<Record<string, number>>(
        `select (select count(*)::int from identity.membership) as memberships,
          (select count(*)::int from identity.membership where account_id <> $1) as others,
          (select count(*)::int from tenants.tenant) as tenants`,
        [account],
      );
      return rows;
    };
    try {
      await withSuperuser(stage.database, async (superuser) => {
        await superuser.query('set session_replication_role = replica');
        await superuser.query(
          `insert into identity.membership (tenant_id, account_id, role) values ($1, $2, 'member')`,
          [allWorlds[0]?.tenant, account],
        );
      });
      const nobody = '00000000-0000-0000-0000-000000000000';
      const as = (id: string): string =>
        stage.database.sealer.seal({ tenant: nobody, actor: { kind: 'account', id } });
      assert.deepEqual(await seen(as(account)), [{ memberships: 1, others: 0, tenants: 1 }]);
      assert.deepEqual(await seen(as(nobody)), [{ memberships: 0, others: 0, tenants: 0 }]);
      assert.deepEqual(await seen(''), [{ memberships: 0, others: 0, tenants: 0 }]);
      await assert.rejects(seen(as(account).replace(nobody, account)), { code: '42501' });
    } finally {
      await client.end();
    }
  });
});

describe('ISO-3 the same with the business rules on', () => {
  test('whatever a rule says first, no cell of another tenant, company or context lets more through', async () => {
    const database = await createTestDatabase({ template: 'full' });
    try {
      const stage = await setStage(database, { samples, prepare: prepareModules });
      const cells = await runMatrix(stage, { roles: ['app', 'owner'] });
      // A rule's own refusal (class 23) stands in for a wall it came before; a row seen or written never does.
      const leaks = cells.filter(
        ({ outcome, expected }) =>
          outcome !== expected && !(outcome.startsWith('23') || outcome.startsWith('42501')),
      );
      assert.deepEqual(mismatches(leaks), []);
    } finally {
      await database.drop();
    }
  });
});
