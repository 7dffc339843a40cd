import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusal } from '../../test/fixture.ts';
import { acceptablePassword } from './passwordPolicy.ts';

describe('acceptablePassword (AUT-5)', () => {
  const accepted = [
    'seven copper lanterns drift',
    'correct horse battery staple',
    'kJ8#qPz2$vLm9xRt',
    'ovvjzwtqyhnkrpxm',
    'längere Wörter zählen auch',
    '密码需要足够长才能安全地保护账户',
    'the rain in Spain stays mainly',
  ];
  for (const password of accepted) {
    it(`takes ${password}`, () => assert.equal(acceptablePassword(password), password.normalize('NFKC')));
  }

  const guessable = [
    'passwordpassword',
    'Password12345678',
    'P4ssw0rd!P4ssw0rd!',
    '123456789012345',
    'qwertyuiopasdfgh',
    'qwerty1234567890',
    'aaaaaaaaaaaaaaaa',
    'abababababababab',
    'iloveyouiloveyou',
    'letmeinletmein123',
    'zyxwvutsrqponmlk',
    'Summer2024Summer2024',
    'adminadminadmin1',
    'Hello! 12.04.1998',
  ];
  for (const password of guessable) {
    it(`refuses ${password}`, () =>
      assert.throws(() => acceptablePassword(password), refusal('password_common')));
  }

  it('refuses what the account, the organisation or the product is called', () => {
    const words = ['robin.ventris@example.org', 'Robin Ventris', 'Tidewater Ltd', 'bulkhead'];
    for (const password of ['ventris-tidewater', 'Bulkhead2026Bulkhead', 'robin.ventris@example.org']) {
      assert.throws(() => acceptablePassword(password, { words }), refusal('password_common'));
    }
    assert.equal(acceptablePassword('ventris-tidewater'), 'ventris-tidewater');
  });

  it('asks for 15 characters alone and 8 beside a second factor, and says which', () => {
    assert.throws(() => acceptablePassword('drift lantern!'), {
      ...refusal('password_short'),
      message: /15/,
    });
    assert.equal(acceptablePassword('drift lanterns!'), 'drift lanterns!');
    assert.throws(() => acceptablePassword('drgftlx', { hasSecondFactor: true }), { message: /8/ });
    assert.equal(acceptablePassword('drgftlxw', { hasSecondFactor: true }), 'drgftlxw');
  });

  it('counts code points after NFKC, not UTF-16 units', () => {
    assert.throws(() => acceptablePassword('🦀🐙🦑🦐🦞🐡🐠'), refusal('password_short'));
    assert.equal(acceptablePassword('ｓｅｖｅｎ　ｃｏｐｐｅｒ　ｄｒｉｆｔ'), 'seven copper drift');
  });

  it('takes 256 characters and refuses 257, even when only their compatibility form is that long', () => {
    const long = 'seven copper lanterns drift'.padEnd(256, 'xyzw ');
    assert.equal(acceptablePassword(long), long);
    assert.throws(() => acceptablePassword(`${long}x`), refusal('password_long'));
    assert.throws(() => acceptablePassword('\ufdfa'.repeat(20)), refusal('password_long'));
  });

  it('refuses NUL and lone surrogates, which hash functions and encodings treat differently', () => {
    assert.throws(() => acceptablePassword('seven copper\0lanterns drift'), refusal('password_invalid'));
    assert.throws(() => acceptablePassword('seven copper\ud800lanterns drift'), refusal('password_invalid'));
  });
});
