import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { bulkhead, start, startUp, temporaryFolder, type Ended } from './command.ts';

const verifier = fileURLToPath(new URL('../../docs/verify-audit.mjs', import.meta.url));
const linux = process.platform !== 'linux' && 'reads /proc';

/** Asks until the answer is yes: what is written is sealed and signed within some seconds. */
async function eventually(ask: () => Promise<Ended>): Promise<Ended> {
  const end = Date.now() + 60_000;
  for (;;) {
    const ended = await ask();
    if (ended.code === 0 || Date.now() > end) return ended;
  }
}

/** What an administrator of the database may do, who owns the tables. */
async function asAdministrator(data: string, port: number, sql: string): Promise<void> {
  const password = (await readFile(join(data, 'secrets', 'database-owner'), 'utf8')).trim();
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'bulkhead_owner',
    password,
    database: 'bulkhead',
  });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function makeTenant(t: TestContext, data: string): Promise<string> {
  const line = [
    'tenant',
    'create',
    '--name',
    'Quiet Copper',
    '--owner',
    'ada@fault.example',
    '--owner-name',
    'Ada',
    '--data',
    data,
    '--json',
  ];
  const { code, stdout, stderr } = await bulkhead(t, line, { input: 'quiet copper lantern walks\n' });
  assert.equal(code, 0, stderr);
  const { tenantId } = JSON.parse(stdout) as { tenantId: string };
  return tenantId;
}

type Ask = (...line: string[]) => Promise<Ended>;

/** The whole chain as a file, checked by the command and by the one file that an auditor takes. */
async function exportChain(
  t: TestContext,
  ask: Ask,
  { data, tenant }: { data: string; tenant: string },
): Promise<void> {
  const file = join(data, 'chain.jsonl');
  const written = await ask('export', '--tenant', tenant, '--output', file, '--format', 'chain', '--json');
  assert.equal(written.code, 0, written.stderr);
  assert.deepEqual((JSON.parse(written.stdout) as { format: string }).format, 'chain');
  const [key = ''] = (await ask('keys')).stdout.split('\n');
  const given = [file, '--key', key, '--anchor', join(data, 'anchors')];
  const checked = await ask('verify', ...given);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  const offline = spawn(process.execPath, [verifier, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => offline.kill());
  assert.match((await offline.stdout.setEncoding('utf8').toArray()).join(''), /[1-9][0-9]* entries hold/);
}

/** An erasure on record, kept outside, and replayed. */
async function erase(ask: Ask, { data, tenant }: { data: string; tenant: string }): Promise<void> {
  const subject = randomUUID();
  const erased = await ask(
    'erase',
    '--tenant',
    tenant,
    '--subject',
    subject,
    '--reason',
    'erasure request 4711',
  );
  assert.equal(erased.code, 0, erased.stderr);
  const kept = join(data, 'erasures.json');
  await writeFile(kept, (await ask('erasures', '--json')).stdout);
  const replayed = await ask('erasures', '--replay', kept, '--json');
  assert.deepEqual(JSON.parse(replayed.stdout), { replayed: 1, erased: 0 });
  const told = join(data, 'told.jsonl');
  const written = await ask(
    'export',
    '--tenant',
    tenant,
    '--output',
    told,
    '--format',
    'jsonl',
    '--type',
    'bulkhead.audit_entry',
  );
  assert.equal(written.code, 0, written.stderr);
  const lines = (await readFile(told, 'utf8')).trimEnd().split('\n').slice(1);
  const entries = lines.map((line) =>
    Buffer.from((JSON.parse(line) as { entry: string }).entry, 'base64').toString(),
  );
  assert.equal(entries.filter((entry) => entry.includes('audit.erase') && entry.includes(subject)).length, 1);
}

test(
  'AUD-4 T-68 a running server seals, signs and anchors; verify tells fine, tampered, unchecked and misused apart',
  { skip: linux },
  async (t) => {
    const data = await temporaryFolder(t);
    const { up } = await startUp(t, data, { env: { BULKHEAD_AUDIT_CHECKPOINT_EVERY: '200' } });
    const tenant = await makeTenant(t, data);
    const ask = (...line: string[]) => bulkhead(t, ['audit', ...line, '--data', data]);

    const signed = await eventually(() => ask('checkpoint', '--tenant', tenant));
    assert.match(signed.stdout, new RegExp(`^bulkhead-[0-9a-f]{12}/audit/${tenant}\n[1-9][0-9]*\n`));
    const published = await (await fetch(`${up.url}/.well-known/bulkhead-audit-keys`)).text();
    assert.equal((await ask('keys')).stdout, published);
    assert.deepEqual((await readdir(join(data, 'anchors', tenant))).length > 0, true);

    const anchors = ['--anchor', join(data, 'anchors')];
    const fine = await ask('verify', ...anchors);
    assert.equal(fine.code, 0, fine.stdout + fine.stderr);
    assert.match(fine.stdout, new RegExp(`${tenant}: [1-9][0-9]* entries hold`));

    const kept = join(data, 'sound.json');
    for (const expected of [/[1-9][0-9]* entries hold/, / 0 entries hold/]) {
      const resumed = await ask('verify', '--tenant', tenant, '--resume', kept, ...anchors);
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stdout, expected);
    }

    await erase(ask, { data, tenant });
    await exportChain(t, ask, { data, tenant });

    const foreign = await ask(
      'verify',
      '--key',
      'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
      ...anchors,
    );
    assert.notEqual(foreign.code, 0, 'nothing is signed by that key');
    assert.equal((await bulkhead(t, ['audit', 'verify', '--data', join(data, 'nowhere')])).code, 2);
    assert.equal((await ask('verify', '--anchor', join(data, 'missing'))).code, 2);
    assert.equal((await ask('verify', '--what')).code, 3);
    assert.equal((await ask('verify', '--key', 'nonsense')).code, 3);

    const { database } = JSON.parse(await readFile(join(data, 'running.json'), 'utf8')) as {
      database: { port: number };
    };
    await asAdministrator(
      data,
      database.port,
      `alter table bulkhead.audit_entry disable trigger audit_entry_append_only;
     alter table bulkhead.audit_entry no force row level security;
     update bulkhead.audit_entry set actor_kind = 'operator' where id = (select min(entry_id) from bulkhead.audit_link where tenant_id = '${tenant}')`,
    );
    const tampered = await ask('verify', '--json', ...anchors);
    assert.equal(tampered.code, 1, tampered.stderr);
    const { chains } = JSON.parse(tampered.stdout) as {
      chains: { chain: string; findings: { kind: string; seq: number }[] }[];
    };
    const found = chains.flatMap(({ chain, findings }) =>
      findings.map(({ kind, seq }) => [chain, kind, seq]),
    );
    assert.deepEqual(found, [[tenant, 'edited', 0]]);
  },
);

test('AUD-4 two processes: a witness keeps its key and its memory', { skip: linux }, async (t) => {
  const data = await temporaryFolder(t);
  const line = ['witness', '--name', 'witness.example.org', '--data', data, '--port', '0', '--json', '--log'];
  const log = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const keys: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    const started = start(t, [...line, log]);
    const { url, key } = JSON.parse(await started.answer) as { url: string; key: string };
    keys.push(key);
    const post = (body: string) => fetch(`${url}/add-checkpoint`, { method: 'POST', body });
    assert.equal((await post('nonsense')).status, 400);
    assert.equal(
      (
        await post(
          `old 0\n\nunknown\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— unknown AAAAAAAAAAAA\n`,
        )
      ).status,
      404,
    );
    assert.equal((await fetch(url)).status, 404);
    assert.equal((await fetch(`${url}/add-checkpoint`)).status, 405);
    started.child.kill('SIGTERM');
    assert.equal((await started.ended).code, 0);
  }
  assert.equal(keys[0], keys[1]);
  assert.match(keys[0] ?? '', /^witness\.example\.org\+[0-9a-f]{8}\+/);
});
