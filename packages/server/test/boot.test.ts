import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDatabase } from '../../../test/harness/index.ts';
import type { TestDatabase } from '../../../test/harness/index.ts';
import { createServer, migrateAll } from '../src/index.ts';
import { asRole, configFor, openServer, send } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

const { module } = widgetsModule();
const quiet = { logStream: { write: () => {} } };

/** What starting on this database is refused with; undefined when it starts. */
async function refusalOn(database: TestDatabase, changes: { migrate?: boolean } = {}): Promise<unknown> {
  const config = configFor(database);
  const server = createServer(
    { ...config, database: { ...config.database, migrateAtBoot: changes.migrate ?? true } },
    [module],
    quiet,
  );
  try {
    await server.listen();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await server.close({ force: true });
  }
}

async function withDatabase(work: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await createTestDatabase();
  try {
    await work(database);
  } finally {
    await database.drop();
  }
}

const run = (database: TestDatabase, role: 'owner' | 'superuser', statement: string) =>
  asRole(database, role, (client) => client.query(statement));

test('ISO-2 migrateAll applies kernel, platform and modules in order, once', async () => {
  await withDatabase(async (database) => {
    const config = configFor(database);
    const first = await migrateAll(config, [module]);
    assert.deepEqual(
      first.map(({ line }) => line),
      ['kernel', 'platform', 'widgets'],
    );
    assert.deepEqual(first.at(-1)?.applied, ['0001_widget.sql']);
    assert.ok((await migrateAll(config, [module])).every(({ applied }) => applied.length === 0));
    assert.equal(await refusalOn(database, { migrate: false }), undefined);
  });
});

test('migrateAll makes the audit partitions of this month and the next three', async () => {
  await withDatabase(async (database) => {
    await migrateAll(configFor(database), [module]);
    await run(
      database,
      'owner',
      `do $$ begin
        if (select count(*) from pg_inherits where inhparent = 'bulkhead.audit_entry'::regclass) <> 5 then
          raise exception 'expected four months and the catch-all';
        end if;
      end $$`,
    );
  });
});

test('start-up refuses while migrations are missing, and names them', async () => {
  await withDatabase(async (database) => {
    const error = await refusalOn(database, { migrate: false });
    assert.ok(error instanceof Error);
    assert.equal('code' in error && error.code, 'migrations_pending');
    await migrateAll(configFor(database), []);
    const missing = await refusalOn(database, { migrate: false });
    assert.match(String(missing), /lacks migrations of widgets: 0001_widget\.sql\. Run `bulkhead migrate`/);
  });
});

test('ISO-1 start-up refuses a table that nobody protected, and names it', async () => {
  await withDatabase(async (database) => {
    await migrateAll(configFor(database), [module]);
    await run(database, 'owner', 'create table widgets.forgotten (id uuid primary key)');
    const error = await refusalOn(database);
    assert.match(String(error), /widgets\.forgotten/);
    assert.equal((error as { code: string }).code, 'tables_unprotected');
    await run(database, 'owner', 'drop table widgets.forgotten');
    assert.equal(await refusalOn(database), undefined);
  });
});

const weakenings: { name: string; statement: string }[] = [
  { name: 'FORCE switched off', statement: 'alter table widgets.widget no force row level security' },
  { name: 'row security switched off', statement: 'alter table widgets.widget disable row level security' },
  {
    name: 'a policy that lets everything through',
    statement: 'create policy open on widgets.widget using (true)',
  },
];
for (const { name, statement } of weakenings) {
  test(`ISO-1 mutation: start-up refuses ${name}`, async () => {
    await withDatabase(async (database) => {
      await migrateAll(configFor(database), [module]);
      await run(database, 'owner', statement);
      const error = await refusalOn(database);
      assert.match(String(error), /widgets\.widget/);
    });
  });
}

test('ISO-2 start-up refuses runtime roles that are, or may become, more than they should', async () => {
  const { startTestServer } = await import('../../../test/harness/index.ts');
  const postgres = await startTestServer();
  const database = await createTestDatabase({ server: postgres });
  try {
    await migrateAll(configFor(database), [module]);
    const mutations = [
      ['alter role bulkhead_app bypassrls', 'alter role bulkhead_app nobypassrls'],
      ['alter role bulkhead_app superuser', 'alter role bulkhead_app nosuperuser'],
      ['alter role bulkhead_identity bypassrls', 'alter role bulkhead_identity nobypassrls'],
      ['grant bulkhead_owner to bulkhead_app', 'revoke bulkhead_owner from bulkhead_app'],
      ['grant postgres to bulkhead_identity', 'revoke postgres from bulkhead_identity'],
      [
        'alter table widgets.widget owner to bulkhead_app',
        'alter table widgets.widget owner to bulkhead_owner',
      ],
    ] as const;
    for (const [mutation, repair] of mutations) {
      await run(database, 'superuser', mutation);
      const error = await refusalOn(database, { migrate: false });
      assert.equal(
        (error as { code?: string } | undefined)?.code,
        'role_privileged',
        `${mutation}: ${String(error)}`,
      );
      await run(database, 'superuser', repair);
    }
    assert.equal(await refusalOn(database, { migrate: false }), undefined);
  } finally {
    await database.drop();
    await postgres.stop();
  }
});

test('readiness fails when the database stops being sound, and says which check', async () => {
  let now = Date.now();
  const fixture = await openServer([module], { server: { clock: () => now } });
  try {
    const sound = await send(fixture.url, '/readyz');
    assert.deepEqual([sound.status, sound.json['status']], [200, 'ready']);
    await run(fixture.database, 'owner', 'alter table widgets.widget no force row level security');
    now += 10_000;
    const unsound = await send(fixture.url, '/readyz');
    assert.deepEqual([unsound.status, unsound.json['detail']], [503, 'Failed: tables.']);
    assert.doesNotMatch(unsound.text, /widget/);
    assert.ok(fixture.log.some((line) => line.includes('widgets.widget')));
    await run(fixture.database, 'owner', 'alter table widgets.widget force row level security');
    now += 10_000;
    assert.equal((await send(fixture.url, '/readyz')).status, 200);
  } finally {
    await fixture.close();
  }
});

test('a port that is taken is a start-up error, and nothing is left open', async () => {
  const fixture = await openServer();
  try {
    const { port } = new URL(fixture.url);
    const config = { ...fixture.config, http: { ...fixture.config.http, port: Number(port) } };
    const second = createServer(config, [], quiet);
    await assert.rejects(second.listen(), { code: 'EADDRINUSE' });
    assert.equal(second.address, undefined);
  } finally {
    await fixture.close();
  }
});
