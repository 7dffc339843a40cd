import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createTestDatabase, ownTestServer, type TestDatabase } from '../harness/index.ts';

const action = fileURLToPath(new URL('../../deploy/action/', import.meta.url));

describe('ISO-11 the action for pipelines', () => {
  let database: TestDatabase;
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-action-'));
    database = await createTestDatabase({ template: 'empty', server: await ownTestServer() });
    const client = new pg.Client(database.connections.superuser);
    await client.connect();
    await client.query(`
      do $$ begin create role action_app; exception when duplicate_object then null; end $$;
      grant usage on schema public to action_app;
      create table public.note (id int primary key, tenant_id uuid not null);
      grant select, insert on public.note to action_app;`);
    await client.end();
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  function prove(inputs: Record<string, string>) {
    const { host, port, user, password } = database.connections.superuser;
    const { status, stderr } = spawnSync('sh', [join(action, 'prove.sh')], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
        DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${database.name}`,
        GITHUB_OUTPUT: join(folder, 'output'),
        GITHUB_STEP_SUMMARY: join(folder, 'summary'),
        ...inputs,
      },
    });
    return { status, stderr };
  }

  test('tells the exit code, writes four reports and the summary', async () => {
    const { status, stderr } = prove({
      INPUT_COMMAND: 'attack',
      INPUT_ROLE: 'action_app',
      INPUT_FAIL_ON: '',
    });
    assert.equal(status, 1, stderr);
    assert.equal(await readFile(join(folder, 'output'), 'utf8'), 'exit-code=1\n');
    assert.match(await readFile(join(folder, 'summary'), 'utf8'), /^ {4}public\.note +X/m);
    for (const form of ['txt', 'json', 'sarif', 'html'])
      assert.ok((await readFile(join(folder, `bulkhead-report/bulkhead.${form}`))).length > 0);
  });

  test('reads no input as shell', () => {
    const { status, stderr } = prove({ INPUT_ROLE: 'x"; touch touched; echo "$(touch touched)' });
    assert.equal(status, 3, stderr);
    assert.match(stderr, /touch touched/);
  });

  test('passes every input on, and no other', async () => {
    const [yaml, script] = await Promise.all(
      ['action.yml', 'prove.sh'].map((name) => readFile(join(action, name), 'utf8')),
    );
    const inputs = [...(yaml ?? '').split('outputs:')[0]!.matchAll(/^ {2}([a-z-]+):$/gm)].map(
      ([, name]) => name,
    );
    assert.ok(inputs.length > 5);
    for (const name of inputs) assert.ok(yaml?.includes(`\${{ inputs.${name} }}`), name);
    for (const [, name] of (yaml ?? '').matchAll(/^ +(INPUT_[A-Z_]+): /gm))
      assert.ok(script?.includes(`\${${name}`), name);
  });
});
