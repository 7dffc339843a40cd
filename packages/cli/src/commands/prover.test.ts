import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { run } from '../command-line/run.ts';
import { attack } from './attack.ts';
import { scan } from './scan.ts';

let database: TestDatabase;
let folder = '';
let url = '';

/** Two tables, one without row-level security; and the same without that hole in the schema `sound`. */
const schema = `
  do $$ begin create role shop_app login; exception when duplicate_object then null; end $$;
  create schema shop; create schema sound;
  grant usage on schema shop, sound to shop_app;
  create table shop.invoice (id int not null, tenant_id uuid not null, total int not null, primary key (tenant_id, id));
  create table shop.note (id int not null, tenant_id uuid not null, text text, primary key (tenant_id, id));
  create table sound.invoice (id int not null, tenant_id uuid not null, total int not null, primary key (tenant_id, id));
  alter table shop.invoice enable row level security;
  alter table shop.invoice force row level security;
  alter table sound.invoice enable row level security;
  alter table sound.invoice force row level security;
  create policy own on shop.invoice using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
  create policy own on sound.invoice using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
  grant select, insert, update, delete on shop.invoice, shop.note, sound.invoice to shop_app;
`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-prover-'));
  database = await createTestDatabase({ template: 'empty' });
  const { host, port, user, password } = database.connections.superuser;
  url = `postgres://${user}:${password}@${host}:${port}/${database.name}`;
  const client = new pg.Client(database.connections.superuser);
  await client.connect();
  await client.query(schema);
  await client.end();
});
after(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function line(words: readonly string[], env: Record<string, string> = { DATABASE_URL: url }) {
  let stdout = '';
  let stderr = '';
  const code = await run(
    words,
    {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
      env,
      folder,
    },
    [scan, attack],
  );
  return { code, stdout, stderr };
}

type Answer = {
  exitCode: number;
  scan: { findings: { rule: string; object: { name: string }; fingerprint: string }[] } | null;
  attack: { cells: { table: string; attack: string; verdict: string; reproduction: string | null }[] } | null;
};
const answerOf = ({ stdout }: { stdout: string }): Answer => JSON.parse(stdout) as Answer;

describe('PRO-1 bulkhead scan', () => {
  test('names the table without row-level security and ends with 1', async () => {
    const { code, stdout } = await line(['scan', '--json']);
    assert.equal(code, 1);
    const names = answerOf({ stdout }).scan?.findings.map(({ object }) => object.name);
    assert.ok(names?.includes('shop.note'), stdout);
  });

  test('ends with 0 on the sound schema, which may be told by a configuration file', async () => {
    await writeFile(join(folder, 'prove.json'), JSON.stringify({ schemas: ['sound'], failOn: 'low' }));
    const { code, stdout, stderr } = await line(['scan', url, '--config', 'prove.json'], {});
    assert.equal(code, 0, stdout);
    assert.match(stdout, /CLEAN|Nothing at or above low/);
    assert.match(stderr, /Other processes can read the password/);
    assert.ok(!stderr.includes(database.connections.superuser.password), 'and never repeats it');
  });

  test('a baseline accepts what is there, and nothing that is new', async () => {
    const first = await line(['scan', '--write-baseline', 'known.json', '--json']);
    assert.equal(first.code, 1, 'writing one is no excuse yet');
    assert.equal((await line(['scan', '--baseline', 'known.json'])).code, 0);
    const known = JSON.parse(await readFile(join(folder, 'known.json'), 'utf8')) as {
      accepted: { fingerprint: string }[];
    };
    known.accepted = known.accepted.filter(({ fingerprint }) => !fingerprint.includes('shop.note'));
    await writeFile(join(folder, 'less.json'), JSON.stringify(known));
    assert.equal((await line(['scan', '--baseline', 'less.json'])).code, 1);
  });
});

describe('PRO-2 bulkhead attack', () => {
  test('leaks where there is no policy, with a script, and writes every form of the report', async () => {
    const reports = ['a.txt', 'a.json', 'a.sarif', 'a.html'].flatMap((name) => ['--report', name]);
    const { code, stdout } = await line(['attack', '--role', 'shop_app', '--findings', '--json', ...reports]);
    assert.equal(code, 1);
    const { attack: attacked, scan: scanned } = answerOf({ stdout });
    const read = attacked?.cells.filter(({ attack: id }) => id === 'read') ?? [];
    assert.deepEqual(
      read.map(({ table, verdict }) => [table, verdict]),
      [
        ['shop.invoice', 'refused'],
        ['shop.note', 'leaked'],
        ['sound.invoice', 'refused'],
      ],
    );
    assert.match(read[1]?.reproduction ?? '', /begin;[^]*shop\.note[^]*rollback;/);
    assert.ok(scanned !== null && scanned.findings.length > 0);
    assert.match(await readFile(join(folder, 'a.txt'), 'utf8'), /^shop\.note +X/m);
    assert.deepEqual(JSON.parse(await readFile(join(folder, 'a.json'), 'utf8')), JSON.parse(stdout));
    assert.match(await readFile(join(folder, 'a.sarif'), 'utf8'), /"version": "2\.1\.0"/);
    assert.match(await readFile(join(folder, 'a.html'), 'utf8'), /^<!doctype html>/);
  });

  test('proves the sound schema', async () => {
    const { code, stdout } = await line(['attack', '--schema', 'sound']);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^sound\.invoice  \. /m);
    assert.match(stdout, /HELD|PROVEN/);
  });

  test('leaves nothing behind', async () => {
    const client = new pg.Client(database.connections.superuser);
    await client.connect();
    const { rows } = await client.query(
      'select (select count(*) from shop.invoice) + (select count(*) from shop.note) + (select count(*) from sound.invoice) as left',
    );
    await client.end();
    assert.deepEqual(rows, [{ left: '0' }]);
  });

  test('will not act as a superuser without being told to', async () => {
    const { code, stderr } = await line(['attack', '--role', database.connections.superuser.user]);
    assert.equal(code, 3);
    assert.match(stderr, /superuser/);
  });
});

describe('PRO-1 a command line that cannot be carried out ends with 3 and says why', () => {
  const wrong: readonly [words: string[], env: Record<string, string>, says: RegExp][] = [
    [['scan'], {}, /No database is named/],
    [['scan', 'shop'], {}, /postgres:\/\/user@host/],
    [['scan', 'postgres://me:p@ss/w#rd@host/db'], {}, /PGPASSWORD|Cannot reach|postgres:\/\//],
    [['scan', 'mysql://me@host/db'], {}, /postgres:\/\/user@host/],
    [['scan', 'postgres://me@127.0.0.1:1/db'], {}, /Cannot reach the database db at 127\.0\.0\.1:1/],
    [['scan', 'postgres://a@h/d', 'postgres://b@h/d'], {}, /--database is given twice/],
    [['scan', '--report', 'report.pdf'], {}, /ends in none of/],
    [['scan', '--baseline', 'missing.json'], {}, /cannot be read/],
    [['scan', '--config', 'missing.json'], {}, /cannot be read/],
    [['scan', '--preset', 'oracle'], {}, /--preset is one of/],
    [['scan', '--setting', 'a', '--claim', 'b'], {}, /not by both/],
    [['attack', '--tenant', 'one', 'postgres://me@127.0.0.1:1/db'], {}, /Two different tenants/],
  ];
  for (const [words, env, says] of wrong) {
    test(words.join(' '), async () => {
      const { code, stdout, stderr } = await line(words, env);
      assert.equal(code, 3, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /Unexpected/);
    });
  }

  for (const [config, says] of [
    ['{"role": "app"}', /unknown key "role"; known: preset, roles/],
    ['{"roles": "app"}', /"roles" is a list of texts/],
    ['{"preset": "oracle"}', /"preset" is one of/],
    ['[]', /not an object/],
    ['{', /JSON/],
  ] as const) {
    test(`a configuration of ${config}`, async () => {
      await writeFile(join(folder, 'wrong.json'), config);
      const { code, stderr } = await line(['scan', '--config', 'wrong.json']);
      assert.equal(code, 3);
      assert.match(stderr, says);
    });
  }
});
