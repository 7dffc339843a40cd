import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { systemRandomBytes } from '../random.ts';
import { createSecretToken, hashSecretToken } from './secretToken.ts';

describe('secret tokens', () => {
  it('carry 256 bits from the given source, and are stored as their SHA-256', () => {
    const secret = Buffer.alloc(32, 7);
    const sizes: number[] = [];
    const { token, hash } = createSecretToken((size) => {
      sizes.push(size);
      return secret;
    });
    assert.deepEqual(sizes, [32]);
    assert.equal(token, secret.toString('base64url'));
    assert.deepEqual(hash, createHash('sha256').update(secret).digest());
    assert.deepEqual(hashSecretToken(token), hash);
  });

  it('use every bit: in 4,096 tokens no bit is ever the same, and none repeats', () => {
    const tokens = Array.from({ length: 4096 }, () => createSecretToken(systemRandomBytes).token);
    assert.equal(new Set(tokens).size, tokens.length);
    const ones = Array<number>(256).fill(0);
    for (const token of tokens) {
      const bytes = Buffer.from(token, 'base64url');
      for (let bit = 0; bit < 256; bit += 1) {
        ones[bit] = (ones[bit] ?? 0) + ((bytes.readUInt8(bit >> 3) >> (bit & 7)) & 1);
      }
    }
    // A fair bit strays nine standard deviations (288) once in 10^18.
    for (const count of ones) assert.ok(Math.abs(count - 2048) < 288, `a bit was set ${count} times in 4096`);
  });

  it('have one spelling (T-41)', () => {
    const { token } = createSecretToken(() => Buffer.alloc(32, 255));
    const last = token.slice(-1);
    const spellings = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      .split('')
      .map((sign) => token.slice(0, -1) + sign)
      .filter((spelling) => Buffer.from(spelling, 'base64url').equals(Buffer.alloc(32, 255)));
    assert.equal(spellings.length, 4, 'four spellings decode to the same bytes');
    assert.deepEqual(
      spellings
        .filter((spelling) => hashSecretToken(spelling) !== null)
        .map((spelling) => spelling.slice(-1)),
      [last],
    );
    for (const malformed of [
      '',
      'x',
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      `${token}AAAA`,
      token.slice(1),
    ]) {
      assert.equal(hashSecretToken(malformed), null);
    }
  });
});
