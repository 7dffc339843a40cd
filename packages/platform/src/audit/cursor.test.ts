import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusal } from '../../test/fixture.ts';
import { openCursor, sealCursor } from './cursor.ts';

const key = Buffer.alloc(32, 1);
const scope = 'tenant a';
const cursor = sealCursor(key, { scope, position: '12345' });

describe('cursors (T-43)', () => {
  it('give back the position they were sealed with', () => {
    assert.equal(openCursor(key, { scope, cursor }), '12345');
  });

  it('are refused with any bit changed', () => {
    const bytes = Buffer.from(cursor, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const forged = changed.toString('base64url');
      assert.throws(() => openCursor(key, { scope, cursor: forged }), refusal('cursor_invalid'));
    }
  });

  it('are refused cut short, lengthened, misspelt, from another key or for another list', () => {
    for (const forged of [
      '',
      'x',
      cursor.slice(0, -1),
      cursor.slice(0, 21),
      `${cursor}A`,
      `${cursor}=`,
      ` ${cursor}`,
      `${cursor}\n`,
      'A'.repeat(5000),
    ]) {
      assert.throws(
        () => openCursor(key, { scope, cursor: forged }),
        refusal('cursor_invalid'),
        JSON.stringify(forged),
      );
    }
    assert.throws(() => openCursor(Buffer.alloc(32, 2), { scope, cursor }), refusal('cursor_invalid'));
    assert.throws(() => openCursor(key, { scope: 'tenant b', cursor }), refusal('cursor_invalid'));
  });

  it('do not let scope and position run into one another', () => {
    const shifted = sealCursor(key, { scope: 'tenant a1', position: '2345' });
    const body = Buffer.concat([Buffer.from(shifted, 'base64url').subarray(0, 16), Buffer.from('12345')]);
    assert.throws(
      () => openCursor(key, { scope, cursor: body.toString('base64url') }),
      refusal('cursor_invalid'),
    );
  });
});
