import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { originOf, verifiersFor } from '../../packages/platform/src/audit/ledger/key.ts';
import { consistencyProof } from '../../packages/platform/src/audit/ledger/merkle.ts';
import { formatVerifier, parseCheckpoint, parseNote } from '../../packages/platform/src/audit/ledger/note.ts';
import { proveEntry } from '../../packages/platform/src/audit/ledger/proveEntry.ts';
import { TreeReader } from '../../packages/platform/src/audit/ledger/treeReader.ts';
import { openLedger, tenantId } from '../../packages/platform/test/ledgerFixture.ts';
import { missing } from '../harness/index.ts';

const source = fileURLToPath(new URL('verify.go', import.meta.url));

test(
  'AUD-4 a checkpoint, an inclusion and a consistency proof hold for golang.org/x/mod/sumdb, which nobody here wrote',
  { skip: missing('golang-go', 'golang-x-mod') },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-go-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      GOCACHE: join(folder, 'cache'),
      // Debian's packages are read from its GOPATH, and nothing from the network.
      GOPATH: '/usr/share/gocode',
      GO111MODULE: 'off',
      GOFLAGS: '',
    };
    const program = join(folder, 'verify');
    const built = spawnSync('go', ['build', '-o', program, source], { env, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);

    const ledger = await openLedger();
    t.after(() => ledger.close());
    const tenant = tenantId(1);
    await ledger.write(tenant, 700);
    await ledger.sealAndSign();
    const first = await ledger.forger.query<{ root: Buffer }>(
      'select root from bulkhead.audit_checkpoint where size = 700',
    );
    await ledger.write(tenant, 333);
    await ledger.sealAndSign();
    const { rows } = await ledger.forger.query<{ id: string }>(
      'select entry_id as id from bulkhead.audit_link where seq = 611',
    );
    const auditor = await ledger.connect('auditor');
    const found = await proveEntry(auditor, { chain: tenant, id: rows[0]?.id ?? '' });
    assert.ok(found);
    const { size } = parseCheckpoint(parseNote(found.checkpoint).text);
    const consistency = await consistencyProof(new TreeReader(auditor, tenant).read, 700, size);
    const [key] = verifiersFor(ledger.identity.keys, originOf(ledger.identity, tenant));
    assert.ok(key);
    const question = {
      ...found,
      key: formatVerifier(key),
      oldSize: 700,
      oldRoot: first.rows[0]?.root.toString('base64'),
      consistency: consistency.map((hash) => hash.toString('base64')),
    };
    const ask = (asked: object) => spawnSync(program, { input: JSON.stringify(asked), encoding: 'utf8' });
    const answered = ask(question);
    assert.deepEqual(
      [answered.status, answered.stdout],
      [0, `${originOf(ledger.identity, tenant)} 611 of 1033\n`],
    );

    const changed = Buffer.from(found.entry, 'base64');
    changed[changed.length - 2] = 0x58;
    for (const [name, bad, said] of [
      ['another entry', { entry: changed.toString('base64') }, /^inclusion: /],
      ['another place', { index: 612 }, /^inclusion: /],
      ['another past', { oldRoot: found.previous }, /^consistency: /],
      ['another signature', { checkpoint: found.checkpoint.replace('\n1033\n', '\n1034\n') }, /^note: /],
    ] as const) {
      const refused = ask({ ...question, ...bad });
      assert.equal(refused.status, 1, name);
      assert.match(refused.stdout, said, name);
    }
  },
);
