import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { FieldCipher } from '@bulkhead/platform/vault';
import { ProviderCookies } from './cookies.ts';

const first = { id: '0a1b2c3d', secret: randomBytes(32) };
const second = { id: '0a1b2c3e', secret: randomBytes(32) };
const clock = () => Date.parse('2030-01-15T10:00:00Z');
const cookiesWith = (cipher: FieldCipher) => new ProviderCookies({ cipher, clock });
const cookies = cookiesWith(new FieldCipher({ current: first }));

const set = [
  'session=the-session-id; path=/; expires=Tue, 15 Jan 2030 11:00:00 GMT; samesite=lax; httponly',
  'session.sig=the-signature; path=/; expires=Tue, 15 Jan 2030 11:00:00 GMT; samesite=lax; httponly',
];

const opened = (by: ProviderCookies, header: string, path = '/authorize'): string | undefined => {
  const request = { headers: { cookie: header } } as IncomingMessage;
  by.open(request, path);
  return request.headers.cookie;
};
const pairOf = (line: string | undefined): string => line?.split(';')[0] ?? '';

describe('the provider’s cookies (AUT-8, AUT-9)', () => {
  it('leave encrypted, in one, and come back as they were', () => {
    const [line, ...others] = cookies.seal(set);
    assert.deepEqual(others, []);
    assert.match(
      line ?? '',
      /^__Host-bulkhead_provider=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600$/,
    );
    assert.ok(!Buffer.from(pairOf(line), 'base64url').toString('latin1').includes('the-session-id'));
    assert.equal(opened(cookies, pairOf(line)), 'session=the-session-id; session.sig=the-signature');
  });

  it('open after the key was rotated, and not after it was rotated twice', () => {
    const [line] = cookies.seal(set);
    const rotated = cookiesWith(new FieldCipher({ current: second, previous: first }));
    assert.equal(opened(rotated, pairOf(line)), 'session=the-session-id; session.sig=the-signature');
    assert.equal(opened(cookiesWith(new FieldCipher({ current: second })), pairOf(line)), undefined);
  });

  it('no change of a single bit opens', () => {
    const [name = '', value = ''] = pairOf(cookies.seal(set)[0]).split('=');
    const bytes = Buffer.from(value, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.equal(opened(cookies, `${name}=${altered.toString('base64url')}`), undefined, `bit ${bit}`);
    }
  });

  it('of an interaction are bound to it, and shown to its own address alone', () => {
    const flow = cookies.seal([
      'interaction=uid-1; path=/oidc/interaction/uid-1; samesite=lax; httponly',
      'interaction.sig=s1; path=/oidc/interaction/uid-1; samesite=lax; httponly',
      'resume=uid-1; path=/oidc/authorize/uid-1; samesite=lax; httponly',
      'resume.sig=s2; path=/oidc/authorize/uid-1; samesite=lax; httponly',
    ]);
    const jar = flow.map(pairOf).join('; ');
    assert.equal(opened(cookies, jar, '/interaction/uid-1'), 'interaction=uid-1; interaction.sig=s1');
    assert.equal(opened(cookies, jar, '/authorize/uid-1'), 'resume=uid-1; resume.sig=s2');
    assert.equal(opened(cookies, jar, '/authorize/uid-2'), undefined);
    const renamed = jar.replaceAll('uid-1', 'uid-2');
    assert.equal(opened(cookies, renamed, '/authorize/uid-2'), undefined, 'bound to its name');
  });

  it('show the library no other cookie, and nothing given twice', () => {
    const pair = pairOf(cookies.seal(set)[0]);
    assert.equal(opened(cookies, '__Host-bulkhead=secret; session=guess; session.sig=guess'), undefined);
    assert.equal(opened(cookies, `${pair}; ${pair}`), undefined);
  });

  it('are taken back when the library takes them back', () => {
    assert.deepEqual(
      cookies.seal([
        'session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly',
        'session.sig=x; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly',
      ]),
      ['__Host-bulkhead_provider=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0'],
    );
  });
});
