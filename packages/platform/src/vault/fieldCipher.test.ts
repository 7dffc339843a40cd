import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deriveKey, FieldCipher, VaultError } from './index.ts';

const first = { id: '0a1b2c3d', secret: randomBytes(32) };
const second = { id: '0a1b2c3e', secret: randomBytes(32) };
const cipher = new FieldCipher({ current: first });
const bytes = fc.uint8Array({ maxLength: 300 });
const words = fc.array(fc.string({ maxLength: 20 }), { maxLength: 4 });

const refused = (work: () => unknown): void => {
  assert.throws(work, (error) => error instanceof VaultError && error.code === 'decrypt_failed');
};

describe('FieldCipher (VLT-1)', () => {
  test('what it encrypts it decrypts, under the same binding alone', () => {
    fc.assert(
      fc.property(bytes, words, words, (plaintext, binding, other) => {
        const envelope = cipher.encrypt(plaintext, binding);
        assert.equal(envelope.length, plaintext.length + 33);
        assert.deepEqual(cipher.decrypt(envelope, binding), Buffer.from(plaintext));
        if (JSON.stringify(other) !== JSON.stringify(binding)) refused(() => cipher.decrypt(envelope, other));
      }),
    );
  });

  test('no change of a single bit, and no cut, opens', () => {
    const envelope = cipher.encrypt(Buffer.from('a secret'), ['table', 'row', 'column']);
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const altered = Buffer.from(envelope);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      refused(() => cipher.decrypt(altered, ['table', 'row', 'column']));
    }
    for (let length = 0; length < envelope.length; length += 1) {
      refused(() => cipher.decrypt(envelope.subarray(0, length), ['table', 'row', 'column']));
    }
  });

  test('words that join to the same text are different bindings', () => {
    const envelope = cipher.encrypt(Buffer.from('x'), ['ab', 'c']);
    refused(() => cipher.decrypt(envelope, ['a', 'bc']));
    refused(() => cipher.decrypt(envelope, ['abc']));
  });

  test('a rotation opens what the previous key encrypted, and tells that it is outdated', () => {
    const before = cipher.encrypt(Buffer.from('x'), ['a']);
    const rotated = new FieldCipher({ current: second, previous: first });
    assert.deepEqual(rotated.decrypt(before, ['a']), Buffer.from('x'));
    assert.equal(rotated.isOutdated(before), true);
    assert.equal(rotated.isOutdated(rotated.encrypt(Buffer.from('x'), ['a'])), false);
    refused(() => new FieldCipher({ current: second }).decrypt(before, ['a']));
  });

  test('keys of a wrong form are refused', () => {
    assert.throws(() => new FieldCipher({ current: { id: 'UPPER123', secret: first.secret } }), RangeError);
    assert.throws(() => new FieldCipher({ current: { id: first.id, secret: randomBytes(16) } }), RangeError);
    assert.throws(
      () => new FieldCipher({ current: first, previous: { ...second, id: first.id } }),
      RangeError,
    );
  });
});

test('deriveKey gives each purpose a key of its own, the same every time', () => {
  const master = Buffer.alloc(32, 7);
  assert.deepEqual(deriveKey(master, 'one'), deriveKey(master, 'one'));
  assert.notDeepEqual(deriveKey(master, 'one'), deriveKey(master, 'two'));
  assert.throws(() => deriveKey(master.subarray(1), 'one'), RangeError);
});
