import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openLedger, tenantId } from '../../../test/ledgerFixture.ts';
import { noteName } from './anchor.ts';
import { writeExport } from './exportChain.ts';
import { verifyExport } from './exportFile.ts';
import { originOf } from './key.ts';
import { openAnchor, type NoteSource } from './notes.ts';

const tenant = tenantId(1);
const large = `update bulkhead.audit_entry set after = json_build_object('text', repeat('x', $2))
  where tenant_id = $1 and id = (select min(id) from bulkhead.audit_entry where tenant_id = $1)`;

async function notesOf(source: NoteSource, origin: string): Promise<string[]> {
  return (await Array.fromAsync(source.notesOf(origin))).map(({ note }) => note.split('\n')[1] ?? '');
}

describe('AUD-4 what is large or many is checked in bounded memory', () => {
  test('entries of many sizes: live, exported, and edited in their last byte', async (t) => {
    const ledger = await openLedger();
    t.after(() => ledger.close());
    for (const length of [100, 16_000, 17_000, 3_900_000]) {
      await ledger.write(tenant, 3);
      await ledger.tamper(large.replace('min(', 'max('), [tenant, length]);
    }
    await ledger.sealAndSign();
    const [report] = await ledger.verify();
    assert.deepEqual([report?.findings, report?.entries], [[], 12]);
    const auditor = await ledger.connect('auditor');
    const file = join(ledger.folder, 'export.jsonl');
    const parts: string[] = [];
    const written = await writeExport(auditor, {
      chain: tenant,
      origin: originOf(ledger.identity, tenant),
      write: async (text) => void parts.push(text),
    });
    assert.equal(written, 12);
    await writeFile(file, parts.join(''));
    const offline = await verifyExport(file, {
      verifiers: ledger.identity.keys,
      anchors: [await openAnchor(ledger.folder)],
    });
    assert.deepEqual([offline.findings, offline.entries], [[], 12]);
    await ledger.tamper(
      `update bulkhead.audit_entry set after = overlay(after::text placing 'y' from length(after::text) - 2)::json
       where tenant_id = $1 and octet_length(after::text) > 1000000`,
      [tenant],
    );
    const [edited] = await ledger.verify();
    assert.deepEqual(
      edited?.findings.map(({ kind, seq }) => [kind, seq]),
      [['edited', 11]],
    );
  });

  test('an export has the last checkpoint, and of very many a thousand', async (t) => {
    const ledger = await openLedger();
    t.after(() => ledger.close());
    for (let n = 0; n < 3; n += 1) {
      await ledger.write(tenant, 1);
      await ledger.sealAndSign();
    }
    const origin = originOf(ledger.identity, tenant);
    const checkpoints = async (): Promise<string[]> => {
      const auditor = await ledger.connect('auditor');
      const parts: string[] = [];
      await writeExport(auditor, { chain: tenant, origin, write: async (text) => void parts.push(text) });
      return (JSON.parse(parts[0] ?? '') as { checkpoints: string[] }).checkpoints;
    };
    assert.equal((await checkpoints()).length, 3);
    await ledger.tamper(
      `insert into bulkhead.audit_checkpoint (tenant_id, size, root, note)
       select $1, n, root, note from bulkhead.audit_checkpoint cross join generate_series(4, 2500) n where tenant_id = $1 and size = 3`,
      [tenant],
    );
    const some = await checkpoints();
    assert.ok(some.length > 800 && some.length <= 1001, `${some.length}`);
  });

  test('notes that came after the anchor was opened are of entries that the snapshot need not show', async (t) => {
    const ledger = await openLedger();
    t.after(() => ledger.close());
    await ledger.write(tenant, 3);
    await ledger.sealAndSign();
    const origin = originOf(ledger.identity, tenant);
    const opened = await openAnchor(ledger.folder);
    await ledger.write(tenant, 3);
    await ledger.sealAndSign();
    assert.deepEqual(await notesOf(opened, origin), ['3']);
    assert.deepEqual(await notesOf(await openAnchor(ledger.folder), origin), ['3', '6']);
  });

  test('notes are read by their names, in any folder; one under another’s name is told', async (t) => {
    const ledger = await openLedger();
    t.after(() => ledger.close());
    for (let n = 0; n < 4; n += 1) {
      await ledger.write(tenant, 3);
      await ledger.sealAndSign();
    }
    const origin = originOf(ledger.identity, tenant);
    const source = await openAnchor(ledger.folder);
    assert.deepEqual(await notesOf(source, origin), ['3', '6', '9', '12']);
    assert.deepEqual(await notesOf(source, originOf(ledger.identity, tenantId(2))), []);
    assert.deepEqual(await Array.fromAsync(source.chains()), [tenant]);
    assert.deepEqual(await notesOf(await openAnchor(join(ledger.folder, tenant)), origin), [
      '3',
      '6',
      '9',
      '12',
    ]);
    const other = await mkdtemp(join(tmpdir(), 'bulkhead-notes-'));
    t.after(() => rm(other, { recursive: true }));
    const note = (size: number): string => join(ledger.folder, tenant, noteName(size));
    await mkdir(join(other, 'march'));
    await writeFile(join(other, 'march', 'last.note'), await readFile(note(6)));
    await writeFile(join(other, 'a.note'), await readFile(note(12)));
    await writeFile(join(other, 'readme.txt'), 'x');
    assert.deepEqual(await notesOf(await openAnchor(other), origin), ['6', '12']);
    assert.deepEqual(await notesOf(await openAnchor(note(9)), origin), ['9']);
    assert.deepEqual((await ledger.verify({ anchors: [await openAnchor(other)] }))[0]?.findings, []);
    await rename(note(3), note(10));
    const [report] = await ledger.verify();
    assert.deepEqual(
      report?.findings.map(({ kind, detail }) => [kind, /3 entries is kept under another/.test(detail)]),
      [['forged_checkpoint', true]],
    );
    await assert.rejects(openAnchor(join(other, 'nowhere')), { code: 'ENOENT' });
  });
});
