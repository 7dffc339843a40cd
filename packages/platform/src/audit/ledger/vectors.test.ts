import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openLedger } from '../../../test/ledgerFixture.ts';
import { decodeEntry, encodeEntry } from './encoding.ts';
import { leafOf, noLeaf } from './merkle.ts';

const page = new URL('../../../../../docs/audit-format.md', import.meta.url);

test('T-63 T-64 the vector in docs/audit-format.md is what TypeScript and SQL make of that entry', async (t) => {
  const text = await readFile(page, 'utf8');
  const [, block = ''] = /```\n(bulkhead-entry\/1\n[^`]*)```/.exec(text) ?? [];
  const [, first, second] =
    /its chain: `([0-9a-f]{64})`\. As the entry after that one: `([0-9a-f]{64})`/.exec(text) ?? [];
  const bytes = Buffer.from(block);
  const fields = decodeEntry(bytes);
  assert.ok(fields);
  assert.ok(encodeEntry(fields).equals(bytes));
  const leaf = leafOf(noLeaf, bytes);
  assert.deepEqual([leaf.toString('hex'), leafOf(leaf, bytes).toString('hex')], [first, second]);

  const ledger = await openLedger();
  t.after(() => ledger.close());
  const names = Object.keys(fields).filter((name) => name !== 'occurred_at');
  const values = names.map((name) => fields[name as keyof typeof fields]);
  await ledger.forger.query(
    `insert into bulkhead.audit_entry (occurred_at, ${names.join(', ')}) overriding system value
     values (timestamptz 'epoch' + '${fields.occurred_at} microseconds'::interval, ${names.map((_, n) => `$${n + 1}`).join(', ')})`,
    values,
  );
  const { rows } = await ledger.forger.query<{ bytes: Buffer; leaf: Buffer; next: Buffer }>(
    `select b.bytes, b.leaf, bulkhead.link_audit_entry(b.leaf, null, b.bytes) as next
     from (select bulkhead.audit_entry_bytes(e) as bytes,
       bulkhead.link_audit_entry(null, decode(repeat('00', 32), 'hex'), bulkhead.audit_entry_bytes(e)) as leaf
       from bulkhead.audit_entry e) b`,
  );
  assert.equal(rows[0]?.bytes.toString(), block);
  assert.deepEqual([rows[0]?.leaf.toString('hex'), rows[0]?.next.toString('hex')], [first, second]);
});
