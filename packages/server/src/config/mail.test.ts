import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { mail, sinkRefusal } from './mail.ts';

/** Which settings a section is refused for. */
function refused(section: object): string[] {
  const result = mail.safeParse(section);
  return result.success ? [] : result.error.issues.map(({ path }) => path.join('.')).toSorted();
}

const server = { host: 'smtp.example.com', from: 'no-reply@example.com' };

test('mail is off unless a server or the sink is named, and demands TLS', () => {
  const { host, sink, tls, port } = z.parse(mail, {});
  assert.deepEqual({ host, sink, tls, port }, { host: undefined, sink: false, tls: 'starttls', port: 587 });
  assert.deepEqual(refused(server), []);
});

test('a mail server needs an address of its own, and TLS unless it is on this machine', () => {
  assert.deepEqual(refused({ host: 'smtp.example.com' }), ['from']);
  assert.deepEqual(refused({ ...server, tls: 'off' }), ['tls']);
  assert.deepEqual(refused({ ...server, host: '127.0.0.1', tls: 'off' }), []);
  assert.deepEqual(refused({ ...server, host: '127.0.0.1.evil.example', tls: 'off' }), ['tls']);
  assert.deepEqual(refused({ tls: 'off' }), ['tls']);
  assert.deepEqual(refused({ ...server, user: 'bulkhead' }), ['user']);
  assert.deepEqual(refused({ ...server, password: 'x' }), ['user']);
  assert.deepEqual(refused({ ...server, sink: true }), ['sink']);
});

test('what stands in headers can hold nothing but itself', () => {
  for (const from of [
    'a@example.com, b@example.com',
    'Bulkhead <a@example.com>',
    'a@example.com\r\nBcc: b@example.com',
    'a',
  ]) {
    assert.deepEqual(refused({ ...server, from }), ['from'], from);
  }
  for (const fromName of ['x\r\nBcc: b@example.com', 'a"b', '<a>', 'a@b', '', 'x'.repeat(81)]) {
    assert.deepEqual(refused({ ...server, fromName }), ['fromName'], fromName);
  }
});

test('T-44 the demo’s mail page is of this machine alone: whoever reaches it reads everybody’s links', () => {
  const here = { host: '127.0.0.1', publicUrl: undefined, trustedProxies: [] };
  const judge = (http: Partial<Parameters<typeof sinkRefusal>[0]['http']>, sink = true) =>
    sinkRefusal({ http: { ...here, ...http }, mail: { sink } });
  assert.equal(judge({}), undefined);
  assert.equal(judge({ publicUrl: 'http://localhost:4000' }), undefined);
  assert.match(judge({ host: '0.0.0.0' }) ?? '', /http\.host/);
  assert.match(judge({ publicUrl: 'https://app.example.com' }) ?? '', /http\.publicUrl/);
  assert.match(judge({ trustedProxies: ['10.0.0.0/8'] }) ?? '', /http\.trustedProxies/);
  assert.equal(judge({ host: '0.0.0.0' }, false), undefined);
});
