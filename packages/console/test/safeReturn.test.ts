import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { safeReturn } from '../src/session/safeReturn.ts';

test('pages of this console may be come back to', () => {
  for (const path of [
    '/',
    '/invoices?status=draft',
    '/invoices/1/edit',
    '/audit#x',
    '/accept-invite',
    '/members',
  ]) {
    assert.equal(safeReturn(path), path);
  }
});

test('nothing else is, however it is written (open redirects)', () => {
  const refused = [
    '//evil.example',
    '/\\evil.example',
    '/\\/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    ' /members',
    'https://evil.example/members',
    'javascript:alert(1)',
    'members',
    '',
    '/unheard-of',
    '/api/session',
    '/members/../../evil',
    '/%2f%2fevil.example',
    `/members?${'x'.repeat(2000)}`,
  ];
  for (const path of refused) assert.equal(safeReturn(path), '/', path);
  assert.equal(safeReturn(undefined), '/');
});

test('whatever is given, a browser stays on this origin', () => {
  const parts = fc.constantFrom(
    '/',
    '\\',
    '\t',
    '//',
    'members',
    'evil.example',
    '@',
    ':',
    '%2f',
    '..',
    '?',
    '#',
  );
  fc.assert(
    fc.property(
      fc.array(parts).map((pieces) => pieces.join('')),
      (path) => {
        const resolved = new URL(safeReturn(path), 'https://app.example.com/sign-in');
        assert.equal(resolved.origin, 'https://app.example.com');
      },
    ),
  );
});
