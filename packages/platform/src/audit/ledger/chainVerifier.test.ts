import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ChainVerifier, type ChainReport, type Link, type TrustedCheckpoint } from './chainVerifier.ts';
import { encodeEntry, fieldNames, decodeEntry, type EntryFields } from './encoding.ts';
import { GrowingTree, leafOf, noLeaf } from './merkle.ts';

const tenant = '11111111-1111-4111-8111-111111111111';
const fieldsOf = (n: number): EntryFields => ({
  id: String(100 + n),
  occurred_at: String(1_760_000_000_000_000 + n),
  transaction_id: String(700 + n),
  tenant_id: tenant,
  company_id: null,
  actor_kind: 'account',
  actor_id: tenant,
  on_behalf_of: null,
  action: 'update',
  target_type: 'shop.item',
  target_id: tenant,
  request_id: 'r',
  ip: '203.0.113.9/32',
  user_agent: 'test',
  before: `{"n" : ${n}}`,
  after: `{"n": ${n + 1}.0}`,
  detail: null,
});

type Whole = { links: Link[]; checkpoints: TrustedCheckpoint[] };

function chain(size: number, source = 'anchor a', every = 4): Whole {
  const tree = new GrowingTree();
  const links: Link[] = [];
  const checkpoints: TrustedCheckpoint[] = [];
  let previous: Buffer = noLeaf;
  for (let seq = 0; seq < size; seq += 1) {
    const fields = fieldsOf(seq);
    const entry = encodeEntry(fields);
    previous = leafOf(previous, entry);
    const claims = { id: fields.id ?? '', occurred_at: fields.occurred_at ?? '', tenant_id: tenant };
    links.push({ seq, leaf: previous, entry, claims });
    tree.add(previous);
    if ((seq + 1) % every === 0) checkpoints.push({ size: seq + 1, root: tree.root(), source });
  }
  return { links, checkpoints };
}

function verify(
  links: readonly Link[],
  checkpoints: readonly TrustedCheckpoint[],
  strays: Buffer[] = [],
): ChainReport {
  const verifier = new ChainVerifier({ checkpoints });
  for (const link of links) verifier.push(link);
  for (const stray of strays) verifier.stray(stray);
  return verifier.finish();
}

const found = (report: ChainReport) => report.findings.map(({ kind, seq }) => `${kind} ${seq}`);
const renumbered = (links: readonly Link[]): Link[] => links.map((link, seq) => ({ ...link, seq }));
const relinked = (links: readonly Link[]): Link[] => {
  let previous: Buffer = noLeaf;
  return links.map((link, seq) => {
    previous = leafOf(previous, link.entry ?? Buffer.alloc(0));
    return { ...link, seq, leaf: previous };
  });
};

describe('AUD-3 what was done to a chain is found and named', () => {
  const { links, checkpoints } = chain(20);
  const at = (index: number): Link => links[index] ?? assert.fail();
  const changed = (index: number, change: Partial<Link>): Link[] =>
    links.map((link, n) => (n === index ? { ...link, ...change } : link));

  test('nothing, when nothing was', () => {
    const report = verify(links, checkpoints);
    assert.deepEqual(found(report), []);
    assert.deepEqual([report.size, report.checkpoints, report.checkpointed], [20, 5, 20]);
  });

  for (const name of fieldNames) {
    test(`edited: ${name}`, () => {
      const fields = { ...fieldsOf(7), [name]: 'X' };
      const report = verify(changed(7, { entry: encodeEntry(fields) }), checkpoints);
      assert.deepEqual(found(report), ['edited 7']);
      if (name === 'occurred_at')
        assert.match(report.findings[0]?.detail ?? '', /its occurred_at was edited/);
    });
  }

  test('edited: a null that becomes an empty text, and one text split in two (T-65)', () => {
    assert.deepEqual(
      found(verify(changed(3, { entry: encodeEntry({ ...fieldsOf(3), detail: '' }) }), checkpoints)),
      ['edited 3'],
    );
    const moved = { ...fieldsOf(3), action: 'updates', target_type: 'hop.item' };
    assert.deepEqual(found(verify(changed(3, { entry: encodeEntry(moved) }), checkpoints)), ['edited 3']);
  });

  test('swapped: whole entries, or all but their ids', () => {
    const whole = links.map((link, n) =>
      n === 4 ? { ...link, entry: at(9).entry } : n === 9 ? { ...link, entry: at(4).entry } : link,
    );
    assert.deepEqual(found(verify(whole, checkpoints)), ['swapped 4']);
    const keep = (to: number, from: number) => encodeEntry({ ...fieldsOf(from), id: fieldsOf(to).id });
    const ids = links.map((link, n) =>
      n === 4 ? { ...link, entry: keep(4, 9) } : n === 9 ? { ...link, entry: keep(9, 4) } : link,
    );
    assert.deepEqual(found(verify(ids, checkpoints)), ['swapped 4']);
  });

  for (const [where, index] of [
    ['first', 0],
    ['middle', 8],
    ['last', 19],
  ] as const) {
    test(`deleted: the ${where} entry, alone, with its link, and renumbered (T-66)`, () => {
      const both = [...checkpoints, ...chain(20, 'database').checkpoints];
      assert.deepEqual(found(verify(changed(index, { entry: undefined }), both)), [`deleted ${index}`]);
      const without = links.filter((_, n) => n !== index);
      assert.deepEqual(found(verify(without, both)), [`deleted ${index}`]);
      assert.deepEqual(found(verify(renumbered(without), both)), [`deleted ${index}`]);
    });
  }

  test('deleted: all of it (T-66)', () => {
    assert.deepEqual(found(verify([], checkpoints)), ['deleted 0']);
    assert.deepEqual(
      found(
        verify(
          links.map((link) => ({ ...link, entry: undefined })),
          checkpoints,
        ),
      ),
      ['deleted 0'],
    );
  });

  test('deleted: the end, although the database still tells of its checkpoint', () => {
    const own = chain(20, 'database').checkpoints;
    assert.deepEqual(found(verify(links.slice(0, 17), [...own, ...checkpoints])), ['deleted 17']);
  });

  test('inserted: beside the chain, and into it', () => {
    const extra = encodeEntry({ ...fieldsOf(3), id: '999' });
    assert.deepEqual(found(verify(links, checkpoints, [extra])), ['inserted 20']);
    const link: Link = { seq: 6, leaf: leafOf(at(5).leaf, extra), entry: extra };
    assert.deepEqual(
      found(verify(renumbered([...links.slice(0, 6), link, ...links.slice(6)]), checkpoints)),
      ['inserted 6'],
    );
    const unlinked: Link = { seq: 6, leaf: Buffer.alloc(32, 7), entry: extra };
    assert.deepEqual(
      found(verify(renumbered([...links.slice(0, 6), unlinked, ...links.slice(6)]), checkpoints)),
      ['inserted 6'],
    );
  });

  test('rewritten: consistently from some entry on; only a checkpoint shows it (T-66)', () => {
    const forged = relinked(changed(9, { entry: encodeEntry({ ...fieldsOf(9), after: '{"n": 0}' }) }));
    assert.deepEqual(found(verify(forged, checkpoints)), ['rewritten 8']);
    assert.deepEqual(found(verify(forged, [])), [], 'without a checkpoint nothing tells');
  });

  test('rolled back: an older state, before and after it went on', () => {
    const own = chain(8, 'database').checkpoints;
    assert.deepEqual(found(verify(links.slice(0, 9), [...own, ...checkpoints])), ['rolled_back 9']);
    const other = relinked([...links.slice(0, 9), ...links.slice(12), ...links.slice(10)]);
    const tree = new GrowingTree();
    for (const { leaf } of other) tree.add(leaf);
    const signedSince = { size: other.length, root: tree.root(), source: 'database' };
    assert.deepEqual(found(verify(other, [...own, ...checkpoints, signedSince])), ['rolled_back 8']);
  });

  test('an id or a tenant that was edited is told from a deletion and an insertion', () => {
    for (const name of ['id', 'tenant_id'] as const) {
      const stray = encodeEntry({ ...fieldsOf(5), [name]: '22222222-2222-4222-8222-222222222222' });
      const report = verify(changed(5, { entry: undefined }), checkpoints, [stray]);
      assert.deepEqual(found(report), ['edited 5']);
      assert.match(report.findings[0]?.detail ?? '', new RegExp(`its ${name} was edited`));
    }
  });

  test('AUD-7 what is missing before a cut is counted, and what is missing behind it is a deletion', () => {
    const cut = links.map((link) => (link.seq < 8 ? { ...link, entry: undefined } : link));
    const verifier = new ChainVerifier({ checkpoints });
    for (const link of cut) verifier.push(link);
    const report = verifier.finish({ cutBefore: 8 });
    assert.deepEqual([found(report), report.cut, report.entries], [[], 8, 12]);
    const less = new ChainVerifier({ checkpoints });
    for (const link of cut) less.push(link);
    assert.deepEqual(found(less.finish({ cutBefore: 5 })), ['deleted 5']);
  });

  test('a check may go on where a sound one ended', () => {
    const first = new ChainVerifier({ checkpoints });
    for (const link of links.slice(0, 11)) first.push(link);
    assert.ok(first.sound);
    const second = new ChainVerifier({ checkpoints, start: first.position });
    for (const link of links.slice(11)) second.push(link);
    const report = second.finish();
    assert.deepEqual([found(report), report.checkpoints], [[], 3]);
  });
});

describe('T-63 T-64 the bytes of an entry', () => {
  const value = fc.option(fc.string({ unit: 'binary' }), { nil: null });
  test('are taken apart into what was put together, and one value has one form', () => {
    const entries = fc.record(
      Object.fromEntries(fieldNames.map((name) => [name, value])),
    ) as fc.Arbitrary<EntryFields>;
    fc.assert(
      fc.property(entries, (fields) => {
        const bytes = encodeEntry(fields);
        const decoded = decodeEntry(bytes);
        assert.ok(decoded);
        assert.ok(encodeEntry(decoded).equals(bytes));
      }),
    );
  });
  test('differ when any field differs', () => {
    fc.assert(
      fc.property(value, value, fc.constantFrom(...fieldNames), (one, other, name) => {
        fc.pre(one !== other && Buffer.from(one ?? '-').compare(Buffer.from(other ?? '-')) !== 0);
        assert.ok(
          !encodeEntry({ ...fieldsOf(1), [name]: one }).equals(
            encodeEntry({ ...fieldsOf(1), [name]: other }),
          ),
        );
      }),
    );
  });
  test('are refused when anything is missing or left over', () => {
    const bytes = encodeEntry(fieldsOf(1));
    for (let length = 0; length < bytes.length; length += 1)
      assert.equal(decodeEntry(bytes.subarray(0, length)), undefined);
    assert.equal(decodeEntry(Buffer.concat([bytes, Buffer.from('-\n')])), undefined);
    assert.equal(
      decodeEntry(Buffer.from(bytes.toString().replace('3:107', '03:107').replace('3:101', '03:101'))),
      undefined,
    );
  });
});
