import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  consistencyHolds,
  consistencyProof,
  emptyRoot,
  GrowingTree,
  inclusionHolds,
  inclusionProof,
  nodeOf,
  rangeRoot,
  type NodeReader,
} from './merkle.ts';

const leaves = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, n) => hash('sha256', Buffer.from([0, n]), 'buffer'));

const readerOf = (all: readonly Buffer[]): NodeReader => {
  const read: NodeReader = async (level, index) =>
    level === 0
      ? (all[index] ?? assert.fail())
      : nodeOf(await read(level - 1, index * 2), await read(level - 1, index * 2 + 1));
  return read;
};

const rootOf = (all: readonly Buffer[]): Buffer => {
  const tree = new GrowingTree();
  for (const leaf of all) tree.add(leaf);
  return tree.root();
};

describe('AUD-4 RFC 6962 trees', () => {
  test('have the roots of the test vectors of certificate-transparency', () => {
    const inputs = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const tree = new GrowingTree();
    assert.equal(
      tree.root().toString('hex'),
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    inputs.forEach((input, n) => {
      tree.add(hash('sha256', Buffer.concat([Buffer.from([0]), Buffer.from(input, 'hex')]), 'buffer'));
      assert.equal(tree.root().toString('hex'), roots[n]);
    });
  });

  test('prove every leaf and every older size, and nothing else', async () => {
    const all = leaves(40);
    const read = readerOf(all);
    for (const size of [1, 2, 3, 7, 8, 15, 31, 32, 33, 40]) {
      const root = rootOf(all.slice(0, size));
      assert.ok((await rangeRoot(read, 0, size)).equals(root));
      for (let index = 0; index < size; index += 1) {
        const leaf = all[index] ?? assert.fail();
        const proof = await inclusionProof(read, index, size);
        assert.ok(inclusionHolds({ leaf, index, size, root }, proof));
        assert.ok(!inclusionHolds({ leaf: nodeOf(leaf, leaf), index, size, root }, proof));
        assert.ok(!inclusionHolds({ leaf, index, size, root }, [...proof, leaf]));
        if (proof.length > 0) assert.ok(!inclusionHolds({ leaf, index, size, root }, proof.slice(1)));
        if (index + 1 < size) assert.ok(!inclusionHolds({ leaf, index: index + 1, size, root }, proof));
      }
      for (let old = 0; old <= size; old += 1) {
        const older = { size: old, root: rootOf(all.slice(0, old)) };
        const proof = await consistencyProof(read, old, size);
        assert.ok(consistencyHolds(older, { size, root }, proof), `${old} of ${size}`);
        assert.ok(!consistencyHolds({ ...older, root: nodeOf(root, root) }, { size, root }, proof));
        assert.ok(!consistencyHolds(older, { size, root: nodeOf(root, root) }, proof) || old === 0);
        assert.ok(!consistencyHolds(older, { size, root }, [...proof, root]));
      }
    }
    assert.ok(consistencyHolds({ size: 0, root: emptyRoot }, { size: 3, root: rootOf(all.slice(0, 3)) }, []));
  });

  test('go on from their peaks as if they had never stopped', () => {
    fc.assert(
      fc.property(fc.nat(70), fc.nat(70), (before, after) => {
        const all = leaves(before + after);
        const first = new GrowingTree();
        for (const leaf of all.slice(0, before)) first.add(leaf);
        const second = new GrowingTree(first.size, first.peaks);
        for (const leaf of all.slice(before)) second.add(leaf);
        assert.ok(second.root().equals(rootOf(all)));
      }),
    );
  });
});
