import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDatabaseAddress } from './address.ts';

const read: readonly [string, ReturnType<typeof parseDatabaseAddress>][] = [
  ['postgres://db/app', { host: 'db', port: 5432, name: 'app' }],
  ['postgresql://db:6432/app', { host: 'db', port: 6432, name: 'app' }],
  ['postgres://admin@db/app', { host: 'db', port: 5432, name: 'app', administrator: 'admin' }],
  ['postgres://[::1]:5432/a%20b', { host: '::1', port: 5432, name: 'a b' }],
];
for (const [text, address] of read) {
  test(`${text} is read`, () => assert.deepEqual(parseDatabaseAddress(text), address));
}

for (const text of [
  '',
  'db/app',
  'http://db/app',
  'postgres://db',
  'postgres://db/',
  'postgres:///app',
  'postgres://db/a/b',
]) {
  test(`"${text}" is refused`, () => {
    assert.throws(() => parseDatabaseAddress(text), { code: 'usage', exitCode: 2 });
  });
}

test('an address with a password is refused, without repeating it', () => {
  assert.throws(
    () => parseDatabaseAddress('postgres://admin:hunter2@db/app'),
    (error) =>
      error instanceof Error && /PGPASSWORD/.test(JSON.stringify(error)) && !/hunter2/.test(String(error)),
  );
});

test('what follows the name could carry a password too, and is refused', () => {
  assert.throws(() => parseDatabaseAddress('postgres://db/app?password=hunter2'), { code: 'usage' });
});
