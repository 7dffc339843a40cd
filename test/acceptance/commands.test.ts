import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { commands } from '@bulkhead/cli';
import pg from 'pg';
import { startEmbedded } from '../../packages/cli/src/embedded/index.ts';
import { bulkhead, start, startUp, temporaryFolder } from './command.ts';

const firstLines: Readonly<Record<string, string>> = {
  scan: 'bulkhead scan: find holes in the tenant isolation of any Postgres database',
  attack: 'bulkhead attack: try to break the tenant isolation of any Postgres database',
  up: 'bulkhead up: start everything: Postgres, schema, API and console',
  migrate: 'bulkhead migrate: apply the migrations that the database lacks',
  check: 'bulkhead check: list unprotected tables, unsafe roles and unsafe functions',
  'tenant create': 'bulkhead tenant create: make a tenant and its owner',
  'tenant list': 'bulkhead tenant list: list the tenants with their ids, which other commands take',
  'connection list': 'bulkhead connection list: list a tenant’s connections for single sign-on',
  'connection disable': 'bulkhead connection disable: switch off a connection that lets nobody in',
  'api-key list': 'bulkhead api-key list: list a tenant’s API keys',
  'api-key revoke': 'bulkhead api-key revoke: end an API key of a tenant for good',
  'account disable': 'bulkhead account disable: shut an account out and end its sessions',
  'account enable': 'bulkhead account enable: let a disabled account sign in again',
  'account unlock': 'bulkhead account unlock: release an account from lockout',
  'account reset-factors': 'bulkhead account reset-factors: remove the factors of somebody who lost them',
  'account sessions': 'bulkhead account sessions: list where an account is signed in, or end all of it',
  'operator promote': 'bulkhead operator promote: make an account an operator of the service',
  'operator revoke': 'bulkhead operator revoke: end an operator’s promotion',
  'mail status': 'bulkhead mail status: show how many messages wait to be sent',
  'webhook list': 'bulkhead webhook list: list the endpoints a tenant’s events are sent to',
  'webhook deliveries': 'bulkhead webhook deliveries: list what was sent to a tenant’s endpoints',
  'webhook replay': 'bulkhead webhook replay: send an endpoint again what it missed',
  'private-target open': 'bulkhead private-target open: let a tenant’s webhooks reach a private address',
  'private-target close': 'bulkhead private-target close: close a private address that was opened',
  'private-target list': 'bulkhead private-target list: list the private addresses that are open',
  'inbound list': 'bulkhead inbound list: list webhooks that came',
  'inbound replay': 'bulkhead inbound replay: have failed webhooks processed anew',
  'billing price': 'bulkhead billing price: say which tier a price of Stripe’s buys',
  'billing link': 'bulkhead billing link: say which customer of Stripe’s a tenant is',
  'tenant usage': 'bulkhead tenant usage: show what a tenant uses, and what its tier allows',
  'secrets check':
    'bulkhead secrets check: list the secrets of the configuration: class, age, file mode, next rotation',
  'key list': 'bulkhead key list: show the keys of access tokens',
  'key rotate': 'bulkhead key rotate: let the next key sign access tokens',
  'client create': 'bulkhead client create: register an application or back end with the identity provider',
  'client list': 'bulkhead client list: list the applications and back ends of the identity provider',
  'client rotate-secret': 'bulkhead client rotate-secret: give an application a new secret',
  'client remove': 'bulkhead client remove: remove an application or back end from the identity provider',
  'context mint': 'bulkhead context mint: seal a context, for psql or a script',
  'context inspect': 'bulkhead context inspect: check a context token and show what it says',
  'context rotate': 'bulkhead context rotate: replace the key that seals contexts',
  'context retire': 'bulkhead context retire: refuse the contexts of a key from now on',
  'audit verify': 'bulkhead audit verify: check that nobody changed the audit log',
  'audit checkpoint': 'bulkhead audit checkpoint: print the latest signed checkpoint of a chain',
  'audit proof': 'bulkhead audit proof: prove that one entry stands in the audit log',
  'audit keys': 'bulkhead audit keys: print the public keys of the audit log',
  'audit cut': 'bulkhead audit cut: give up a tenant’s entries from before a day',
  witness: 'bulkhead witness: watch other installations’ audit logs and cosign them',
  'audit export': 'bulkhead audit export: write a tenant’s audit log to a file',
  'audit erase': 'bulkhead audit erase: erase what a tenant’s audit log holds about a person',
  'audit erasures': 'bulkhead audit erasures: list the erasures on record, or replay them',
  version: 'bulkhead version: print the versions of Bulkhead and of Node.js',
};

test('every command explains itself, with options, examples and exit codes', async (t) => {
  assert.deepEqual(commands.map(({ name }) => name.join(' ')).toSorted(), Object.keys(firstLines).toSorted());
  for (const [name, first] of Object.entries(firstLines)) {
    const { code, stdout, stderr } = await bulkhead(t, [...name.split(' '), '--help']);
    assert.equal(code, 0, name);
    assert.equal(stderr, '', name);
    assert.equal(stdout.split('\n')[0], first);
    for (const part of ['\nOptions:\n', '\nExamples:\n', '\nExit codes:\n', '--json']) {
      assert.ok(stdout.includes(part), `${name}: ${part}`);
    }
    assert.ok(
      stdout.split('\n').every((line) => line.length <= 120),
      `${name}: no line wraps`,
    );
  }
});

test('a mistyped command or option is exit code 2 with a suggestion', async (t) => {
  const command = await bulkhead(t, ['tenent', 'create']);
  assert.equal(command.code, 2);
  assert.match(command.stderr, /Did you mean tenant\?/);
  const option = await bulkhead(t, ['up', '--prot', '1']);
  assert.equal(option.code, 2);
  assert.match(option.stderr, /Did you mean --port\?/);
});

test('commands that need a data folder say so where there is none', async (t) => {
  const data = join(await temporaryFolder(t), 'nowhere');
  for (const line of [
    ['check'],
    ['migrate', '--status'],
    ['context', 'mint', '--tenant', 'x', '--actor-id', 'y'],
  ]) {
    const { code, stderr } = await bulkhead(t, [...line, '--data', data]);
    assert.equal(code, 3, line.join(' '));
    assert.match(stderr, new RegExp(data), line.join(' '));
  }
});

type Json = Record<string, unknown>;

test('the other commands work beside a running instance, and on its folder once it stopped', async (t) => {
  const data = await temporaryFolder(t);
  const running = await startUp(t, data);
  const json = async (line: readonly string[], input = '') => {
    const ended = await bulkhead(t, [...line, '--json', '--data', data], { input });
    return { ...ended, json: JSON.parse(ended.stdout) as Json };
  };
  const owner = ['--owner', 'kim@acme.example'];

  const created = await json(
    ['tenant', 'create', '--name', 'Acme', '--company', 'Acme North', ...owner, '--owner-name', 'Kim'],
    'quiet copper lantern walks\n',
  );
  assert.equal(created.code, 0, created.stderr);
  const tenant = String(created.json['tenantId']);
  const account = String(created.json['ownerAccountId']);
  const { tenants } = (await json(['tenant', 'list', '--name', 'ACME'])).json;
  assert.deepEqual(
    (tenants as Json[]).map(({ id, members, companies }) => [id, members, companies]),
    [[tenant, 1, 1]],
  );
  const connections = await json(['connection', 'list', '--tenant', tenant]);
  assert.deepEqual(connections.json, { tenant, required: false, breakGlass: 0, connections: [] });
  assert.deepEqual((await json(['api-key', 'list', '--tenant', tenant])).json, { tenant, apiKeys: [] });
  for (const line of [
    ['connection', 'disable', '--connection', tenant],
    ['api-key', 'revoke', '--key', tenant],
  ]) {
    const { code, stderr } = await json([...line, '--tenant', tenant, '--reason', 'nothing is there']);
    assert.equal(code, 3, stderr);
  }
  const signedIn = await fetch(`${running.up.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'kim@acme.example', password: 'quiet copper lantern walks' }),
  });
  assert.equal(signedIn.status, 200);
  assert.equal((await json(['migrate', '--status'])).code, 0);
  assert.deepEqual((await json(['check'])).json, { ok: true, findings: [] });

  const minted = await json([
    'context',
    'mint',
    '--tenant',
    tenant,
    '--actor',
    'account',
    '--actor-id',
    account,
  ]);
  const token = String(minted.json['token']);
  const { tenant: read } = (await json(['context', 'inspect'], token)).json;
  assert.equal(read, tenant);
  const forged = token.replace(tenant, '11111111-1111-4111-8111-111111111111');
  const refused = await json(['context', 'inspect'], forged);
  assert.equal(refused.code, 1);
  assert.equal(refused.json['valid'], false);

  assert.deepEqual(
    await companiesUnder(data, token),
    ['Acme North'],
    'the database accepts the minted token',
  );
  await assert.rejects(companiesUnder(data, forged), { code: '42501' });

  const rotated = await json(['context', 'rotate']);
  assert.equal(rotated.code, 0, rotated.stderr);
  assert.deepEqual(
    await companiesUnder(data, token),
    ['Acme North'],
    'a token of the old key is still accepted',
  );
  const present = await json(['context', 'retire', '--key-id', String(rotated.json['keyId'])]);
  assert.equal(present.code, 3, 'the present key is not retired');
  assert.equal((await json(['context', 'retire', '--key-id', '00000000'])).code, 3);
  assert.equal(
    (await json(['context', 'retire', '--key-id', String(rotated.json['previousKeyId'])])).code,
    0,
  );
  await assert.rejects(companiesUnder(data, token), { code: '42501' }, 'and refused once its key is retired');

  const unverified = await json([
    'operator',
    'promote',
    '--email',
    'kim@acme.example',
    '--reason',
    'on call, ticket 512',
  ]);
  assert.equal(unverified.code, 3);
  assert.match(unverified.stderr, /not verified/);

  running.child.kill('SIGINT');
  await running.ended;
  const again = await startUp(t, data);
  const sealed = await json([
    'context',
    'mint',
    '--tenant',
    tenant,
    '--actor',
    'account',
    '--actor-id',
    account,
  ]);
  assert.deepEqual(await companiesUnder(data, String(sealed.json['token'])), ['Acme North']);
  assert.equal((await fetch(`${again.up.url}/readyz`)).status, 200, 'it serves with the new key');
  again.child.kill('SIGINT');
  await again.ended;
  const alone = await json(['check']);
  assert.equal(alone.code, 0, alone.stderr);
  assert.equal((await json(['migrate'])).code, 0);
});

/** Names of the companies that bulkhead_app sees in the running instance under a token. */
async function companiesUnder(data: string, token: string): Promise<string[]> {
  const note = JSON.parse(await readFile(join(data, 'running.json'), 'utf8')) as {
    database: { port: number };
  };
  const password = (await readFile(join(data, 'secrets', 'database-app'), 'utf8')).trim();
  const client = new pg.Client({
    host: '127.0.0.1',
    port: note.database.port,
    user: 'bulkhead_app',
    database: 'bulkhead',
    password,
  });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`select set_config('bulkhead.context', $1, true)`, [token]);
    return (await client.query<{ name: string }>('select name from tenants.company')).rows.map(
      ({ name }) => name,
    );
  } finally {
    await client.end();
  }
}

test('a database address with a password is refused, and the password is not repeated', async (t) => {
  const { code, stderr, stdout } = await bulkhead(t, [
    'check',
    '--json',
    '--database',
    'postgres://u:hunter2@db/app',
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /PGPASSWORD/);
  assert.doesNotMatch(`${stdout}${stderr}`, /hunter2/);
});

test('a database that does not answer is a sentence and exit code 3', async (t) => {
  const data = await temporaryFolder(t);
  const line = ['check', '--database', 'postgres://127.0.0.1:1/app', '--data', data];
  const { code, stderr } = await bulkhead(t, line);
  assert.equal(code, 3);
  assert.match(stderr, /Cannot reach the database app at 127[.]0[.]0[.]1:1/);
  assert.doesNotMatch(stderr, / at .*[.]ts/);
});

test('the database of another server is set up by its administrator’s name', async (t) => {
  const host = await temporaryFolder(t);
  const server = await startEmbedded({ dataFolder: join(host, 'pg'), onLog: () => undefined });
  t.after(() => server.stop());
  const { port, password } = server.adminConnection;
  const url = `postgres://postgres@127.0.0.1:${port}/shop`;
  const data = join(host, 'data');
  const options = { env: { PGPASSWORD: password } };

  const migrated = await bulkhead(t, ['migrate', '--database', url, '--data', data, '--json'], options);
  assert.equal(migrated.code, 0, migrated.stderr);
  const { applied } = JSON.parse(migrated.stdout) as { applied: { line: string }[] };
  assert.deepEqual(
    applied.map(({ line }) => line),
    ['kernel', 'platform'],
  );
  const serving = start(t, ['up', '--json', '--port', '0', '--database', url, '--data', data], options);
  const { url: address } = JSON.parse(await serving.answer) as { url: string };
  assert.equal((await fetch(`${address}/readyz`)).status, 200);
  serving.child.kill('SIGINT');
  const { code, stderr, stdout } = await serving.ended;
  assert.equal(code, 0);
  assert.ok(!`${stdout}${stderr}${migrated.stdout}${migrated.stderr}`.includes(password));
});
