import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { writeExport } from '../../packages/platform/src/audit/ledger/exportChain.ts';
import { auditIdentity, formatKeys, originOf } from '../../packages/platform/src/audit/ledger/key.ts';
import { proveEntry } from '../../packages/platform/src/audit/ledger/proveEntry.ts';
import { openLedger, tenantId, type LedgerFixture } from '../../packages/platform/test/ledgerFixture.ts';
import { verifyAuditFile } from '../../tools/verifyAudit.ts';

const program = new URL('../../docs/verify-audit.mjs', import.meta.url);
const tenant = tenantId(1);

describe('AUD-4 an auditor checks an export with one file and plain Node', () => {
  let ledger: LedgerFixture;
  let folder: string;
  let key: string;
  let lines: string[];
  before(async () => {
    ledger = await openLedger();
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-auditor-'));
    await copyFile(program, join(folder, 'verify-audit.mjs'));
    await ledger.write(tenant, 300);
    await ledger.sealAndSign();
    await ledger.write(tenant, 10);
    await ledger.sealAndSign();
    key = formatKeys(ledger.identity)[0] ?? '';
    const auditor = await ledger.connect('auditor');
    const pieces: string[] = [];
    const written = await writeExport(auditor, {
      chain: tenant,
      origin: originOf(ledger.identity, tenant),
      write: async (text) => void pieces.push(text),
    });
    assert.equal(written, 310);
    lines = pieces.join('').trimEnd().split('\n');
  });
  after(async () => {
    await ledger.close();
    await rm(folder, { recursive: true });
  });

  const run = async (content: string | undefined, ...args: string[]) => {
    if (content !== undefined) await writeFile(join(folder, 'export.jsonl'), content);
    const given = [
      join(folder, 'verify-audit.mjs'),
      ...(content === undefined ? [] : [join(folder, 'export.jsonl')]),
      ...args,
    ];
    // An empty environment and folder: no package can be found.
    const options = { cwd: folder, env: {} };
    try {
      const { stdout } = await promisify(execFile)(process.execPath, given, options);
      return { exit: 0, stdout, stderr: '' };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { exit: code, stdout, stderr };
    }
  };
  const whole = (changed: string[] = lines) => `${changed.join('\n')}\n`;
  const entry = (seq: number, change: (text: string) => string): string[] =>
    lines.map((line, n) => {
      if (n !== seq + 1) return line;
      const parsed = JSON.parse(line) as { entry: string };
      const text = change(Buffer.from(parsed.entry, 'base64').toString());
      return JSON.stringify({ ...parsed, entry: Buffer.from(text).toString('base64') });
    });

  test('is the file that its sources make', async () => {
    assert.equal(await readFile(program, 'utf8'), await verifyAuditFile());
  });

  test('0: it holds', async () => {
    const { exit, stdout, stderr } = await run(whole(), '--key', key, '--anchor', ledger.folder);
    assert.equal(stderr, '');
    assert.equal(exit, 0);
    assert.match(stdout, /310 entries hold; 4 checkpoints agree, the last of 310\./);
  });

  test('T-68 1: tampered with, naming the first bad entry and how', async () => {
    const bad: [string, string[], RegExp][] = [
      ['edited', entry(42, (text) => text.replace('shop.item', 'shop.itam')), /TAMPERED \(edited\) at 42/],
      ['deleted', lines.filter((_, n) => n !== 8), /TAMPERED \(deleted\) at 7/],
      [
        'swapped',
        lines.map((line, n) =>
          n === 5
            ? line.replace(/"entry".*/, lines[6]?.match(/"entry".*/)?.[0] ?? '')
            : n === 6
              ? line.replace(/"entry".*/, lines[5]?.match(/"entry".*/)?.[0] ?? '')
              : line,
        ),
        /TAMPERED \(swapped\) at 4/,
      ],
      ['cut off', lines.slice(0, -1), /TAMPERED \(deleted\) at 309: entries 309 to 309 are missing/],
      ['all gone', lines.slice(0, 1), /TAMPERED \(deleted\) at 0: all entries are missing/],
    ];
    for (const [name, changed, said] of bad) {
      const { exit, stdout } = await run(whole(changed), '--key', key, '--anchor', ledger.folder);
      assert.equal(exit, 1, name);
      assert.match(stdout, said);
    }
    const forged = lines.map((line, n) => (n === 0 ? line.replace(/(\\n— [^ ]+ .{20})./, '$1x') : line));
    assert.match((await run(whole(forged), '--key', key)).stdout, /forged_checkpoint/);
  });

  test('T-66 1: an older export shown as the newest is found by the anchors', async () => {
    const header = JSON.parse(lines[0] ?? '') as { checkpoints: string[]; to: number };
    const older = [
      JSON.stringify({ ...header, to: 300, checkpoints: header.checkpoints.slice(0, 1) }),
      ...lines.slice(1, 301),
    ];
    assert.equal((await run(whole(older), '--key', key)).exit, 0, 'alone it is sound');
    const { exit, stdout } = await run(whole(older), '--key', key, '--anchor', ledger.folder);
    assert.equal(exit, 1);
    assert.match(stdout, /TAMPERED \(rolled_back\) at 300/);
  });

  test('T-68 2: what cannot be checked is no tampering and no pass', async () => {
    const foreign = key.replace(/^[^+]+/, 'other/audit');
    assert.equal(
      (await run(whole(), '--key', foreign)).exit,
      3,
      'a key whose id is of another name is no key',
    );
    const other = formatKeys(auditIdentity({ seed: Buffer.alloc(32, 7) }))[0] ?? '';
    for (const [content, keyGiven] of [
      [whole(), other],
      ['', key],
      ['{"format":"something"}\n', key],
      [`${whole().slice(0, -400)}`, key],
    ] as const) {
      const { exit, stderr } = await run(content, '--key', keyGiven);
      assert.equal(exit, 2, stderr);
      assert.match(stderr, /^Could not check: /);
    }
    assert.equal((await run(undefined, join(folder, 'missing'), '--key', key)).exit, 2);
  });

  test('T-68 3: a command line that is not understood', async () => {
    assert.equal((await run(whole())).exit, 3);
    assert.equal((await run(whole(), '--key', 'nonsense')).exit, 3);
    assert.equal((await run(undefined, '--what')).exit, 3);
  });

  test('a proof of one entry', async () => {
    const auditor = await ledger.connect('auditor');
    const { rows } = await auditor.query<{ id: string }>(
      'select entry_id as id from bulkhead.audit_link where seq = 123',
    );
    const proof = await proveEntry(auditor, { chain: tenant, id: rows[0]?.id ?? '' });
    assert.ok(proof);
    const holds = await run(JSON.stringify(proof), '--key', key);
    assert.equal(holds.exit, 0);
    assert.match(holds.stdout, /stands at 123 of 310/);
    assert.match(holds.stdout, /"target_type": "shop.item"/);
    const changed = {
      ...proof,
      entry: Buffer.from(Buffer.from(proof.entry, 'base64').toString().replace('shop', 'shup')).toString(
        'base64',
      ),
    };
    assert.equal((await run(JSON.stringify(changed), '--key', key)).exit, 1);
  });
});
