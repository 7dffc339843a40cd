import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openServer, send, signUp } from './fixture.ts';
import type { Fixture } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

let fixture: Fixture;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-console-'));
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  await writeFile(
    join(folder, 'dist', 'index.html'),
    '<!doctype html><title>Console</title><script src="/a.js" nonce="@bulkhead-nonce@"></script>',
  );
  await writeFile(join(folder, 'dist', 'assets', 'index-4f2a.js'), 'export {};');
  await writeFile(join(folder, 'dist', '.hidden'), 'hidden');
  await writeFile(join(folder, 'outside.txt'), 'outside');
  fixture = await openServer([widgetsModule().module], { http: { console: join(folder, 'dist') } });
});
after(async () => {
  await fixture.close();
  await rm(folder, { recursive: true });
});

const html = { accept: 'text/html' };
const page = /<title>Console<\/title><script src="\/a.js" nonce="[A-Za-z0-9+/]{22}=="><\/script>/;

type Case = { path: string; headers?: Record<string, string>; status: number; body: RegExp; cache: string };
const table: Case[] = [
  { path: '/', headers: html, status: 200, body: page, cache: 'no-store' },
  { path: '/invoices/17', headers: html, status: 200, body: page, cache: 'no-store' },
  {
    path: '/assets/index-4f2a.js',
    status: 200,
    body: /export/,
    cache: 'public, max-age=31536000, immutable',
  },
  { path: '/index.html', headers: html, status: 200, body: page, cache: 'no-store' },
  { path: '/index.html', status: 404, body: /not_found/, cache: 'no-store' },
  { path: '/', status: 200, body: page, cache: 'no-store' },
  { path: '/assets/gone.js', headers: html, status: 404, body: /not_found/, cache: 'no-store' },
  { path: '/invoices/17', status: 404, body: /not_found/, cache: 'no-store' },
  { path: '/api/nowhere', headers: html, status: 404, body: /not_found/, cache: 'no-store' },
  { path: '/rpc/nowhere', headers: html, status: 404, body: /not_found/, cache: 'no-store' },
  { path: '/.hidden', status: 404, body: /not_found/, cache: 'no-store' },
  { path: '/..%2foutside.txt', status: 404, body: /not_found/, cache: 'no-store' },
  { path: '/%2e%2e/outside.txt', status: 404, body: /not_found/, cache: 'no-store' },
  { path: '/assets/..%2f..%2foutside.txt', status: 404, body: /not_found/, cache: 'no-store' },
];
for (const { path, headers = {}, status, body, cache } of table) {
  test(`the console: ${path}${headers === html ? ' as a page' : ''} is ${status}`, async () => {
    const answer = await send(fixture.url, path, { headers });
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, body);
    assert.equal(answer.headers.get('cache-control'), cache);
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.doesNotMatch(answer.text, /hidden|outside$/);
  });
}

test('EDG-1 each answer of the page has a nonce of its own, which its policy names and nobody can foresee', async () => {
  const nonces = new Set<string>();
  for (const path of ['/', '/', '/invoices/17']) {
    const { headers, text } = await send(fixture.url, path, { headers: html });
    const policy = headers.get('content-security-policy') ?? '';
    const [, nonce = ''] = /; script-src 'nonce-([A-Za-z0-9+/]{22}==)' 'strict-dynamic';/.exec(policy) ?? [];
    assert.ok(text.includes(`nonce="${nonce}"`), policy);
    assert.doesNotMatch(policy, /unsafe|script-src[^;]*'self'/);
    assert.equal(headers.get('etag'), null);
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 3);
});

test('a console whose scripts the policy would stop is a start-up error', async () => {
  const old = join(folder, 'old');
  await mkdir(old);
  await writeFile(join(old, 'index.html'), '<script src="/a.js"></script>');
  await assert.rejects(
    openServer([], { http: { console: old } }),
    /was built for another server: build it anew/,
  );
});

test('EDG-8 a file that a procedure answers is saved, not shown', async () => {
  const person = await signUp(fixture.url);
  const { status, headers } = await send(fixture.url, '/api/widgets/widgets.html', { cookie: person.cookie });
  assert.equal(status, 200);
  assert.equal(headers.get('content-disposition'), 'attachment; filename="widgets.html"');
  assert.match(headers.get('content-security-policy') ?? '', /^sandbox; default-src 'none'/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
});

test('a folder without a built console is a start-up error', async () => {
  await assert.rejects(
    openServer([], { http: { console: join(folder, 'dist', 'assets') } }),
    /There is no built console in .*assets/,
  );
});

test('an address that is not written plainly is no file, and no fault', async () => {
  const before = fixture.log.length;
  for (const path of ['//api/session', '/api%5csession', '/assets//index-4f2a.js']) {
    const { status, json } = await send(fixture.url, path);
    assert.deepEqual([status, json['code']], [404, 'not_found'], path);
  }
  assert.ok(!fixture.log.slice(before).some((line) => line.includes('"event":"fault"')));
});
