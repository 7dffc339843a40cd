import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { asRole, companyOf, openServer, send, signUp } from './fixture.ts';
import type { Call, Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

let fixture: Fixture;
let person: Person;
let company: string;

before(async () => {
  fixture = await openServer([widgetsModule().module]);
  person = await signUp(fixture.url);
  company = await companyOf(fixture.url, person);
});
after(async () => {
  await fixture.close();
});

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part)] : part)));
const typed = { 'content-type': 'application/json' };
const good = { name: 'wheel', size: 3 };
const tenMegabytes = 'x'.repeat(10 * 1024 * 1024);

type Bad = { name: string; path?: string; call: Call; status: number; code: string; issues?: string[] };

const table: Bad[] = [
  {
    name: 'a malformed UUID in the path',
    path: '/api/widgets/widgets/not-a-uuid',
    call: {},
    status: 400,
    code: 'invalid_input',
    issues: ['id'],
  },
  {
    name: 'SQL in the path',
    path: "/api/widgets/widgets/1'%20or%20true--",
    call: {},
    status: 400,
    code: 'invalid_input',
    issues: ['id'],
  },
  {
    name: 'a malformed tenant header',
    path: '/api/tenant',
    call: { headers: { 'bulkhead-tenant': 'x' } },
    status: 400,
    code: 'invalid_input',
    issues: ['bulkhead-tenant'],
  },
  {
    name: 'a malformed company header',
    path: '/api/tenant',
    call: { headers: { 'bulkhead-company': "'; select 1" } },
    status: 400,
    code: 'invalid_input',
    issues: ['bulkhead-company'],
  },
  {
    name: 'a body of ten megabytes',
    call: { json: { ...good, name: tenMegabytes } },
    status: 413,
    code: 'body_too_large',
  },
  {
    name: 'a body above its own larger limit',
    path: '/api/widgets/widgets/load',
    call: { json: { text: tenMegabytes } },
    status: 413,
    code: 'body_too_large',
  },
  {
    name: 'a text above its length',
    call: { json: { ...good, name: 'x'.repeat(51) } },
    status: 400,
    code: 'invalid_input',
    issues: ['name'],
  },
  {
    name: 'invalid UTF-8',
    call: { headers: typed, body: bytes('{"name":"', [0xc3, 0x28], '","size":1}') },
    status: 400,
    code: 'invalid_text',
  },
  {
    name: 'an overlong encoding',
    call: { headers: typed, body: bytes('{"name":"', [0xc0, 0xaf], '","size":1}') },
    status: 400,
    code: 'invalid_text',
  },
  {
    name: 'a surrogate encoded as UTF-8',
    call: { headers: typed, body: bytes('{"name":"', [0xed, 0xa0, 0x80], '","size":1}') },
    status: 400,
    code: 'invalid_text',
  },
  {
    name: 'an escaped NUL',
    call: { headers: typed, body: String.raw`{"name":"a\u0000b","size":1}` },
    status: 400,
    code: 'invalid_text',
  },
  {
    name: 'an escaped NUL in a key',
    call: { headers: typed, body: String.raw`{"name":"a","size":1,"\u0000":1}` },
    status: 400,
    code: 'invalid_text',
  },
  {
    name: 'an escaped lone surrogate',
    call: { headers: typed, body: String.raw`{"name":"\ud800","size":1}` },
    status: 400,
    code: 'invalid_text',
  },
  {
    name: 'a raw NUL',
    call: { headers: typed, body: bytes('{"name":"a', [0], 'b","size":1}') },
    status: 400,
    code: 'malformed_json',
  },
  {
    name: 'a NUL in the query',
    path: '/api/widgets/fail?how=%00',
    call: {},
    status: 400,
    code: 'invalid_text',
  },
  {
    name: 'a query that is not UTF-8',
    path: '/api/widgets/fail?how=%ff',
    call: {},
    status: 400,
    code: 'invalid_text',
  },
  {
    name: 'an unknown key',
    call: { json: { ...good, colour: 'red' } },
    status: 400,
    code: 'invalid_input',
    issues: [''],
  },
  {
    name: 'an unknown key in the query',
    path: '/api/widgets/widgets?sort=name',
    call: {},
    status: 400,
    code: 'invalid_input',
    issues: [''],
  },
  {
    name: 'T-46 a field that claims an identity',
    call: { json: { ...good, accountId: '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11' } },
    status: 400,
    code: 'invalid_input',
    issues: [''],
  },
  {
    name: 'a query value given twice',
    path: '/api/widgets/fail?how=throw&how=output',
    call: {},
    status: 400,
    code: 'invalid_input',
    issues: ['how'],
  },
  {
    name: 'prototype poisoning',
    call: { headers: typed, body: '{"name":"a","size":1,"__proto__":{"admin":true}}' },
    status: 400,
    code: 'malformed_json',
  },
  { name: 'JSON cut off', call: { headers: typed, body: '{"name":' }, status: 400, code: 'malformed_json' },
  {
    name: 'JSON nested without end',
    call: { headers: typed, body: '['.repeat(100_000) },
    status: 400,
    code: 'malformed_json',
  },
  { name: 'a list for an object', call: { json: [good] }, status: 400, code: 'invalid_input', issues: [''] },
  { name: 'no body', call: { method: 'POST' }, status: 400, code: 'invalid_input', issues: [''] },
  {
    name: 'a form',
    call: { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'name=a&size=1' },
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    name: 'JSON declared as text',
    call: { headers: { 'content-type': 'text/plain' }, body: JSON.stringify(good) },
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    name: 'a multipart body',
    call: { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' },
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    name: 'a size that is text',
    call: { json: { ...good, size: '3' } },
    status: 400,
    code: 'invalid_input',
    issues: ['size'],
  },
  {
    name: 'a size above what the column holds',
    call: { json: { ...good, size: 2 ** 40 } },
    status: 422,
    code: 'invalid_value',
  },
  {
    name: 'a size that the table refuses',
    call: { json: { ...good, size: -1 } },
    status: 422,
    code: 'size_not_positive',
  },
  {
    name: 'T-43 a forged page',
    path: '/api/audit/entries?cursor=AAAA',
    call: {},
    status: 400,
    code: 'cursor_invalid',
    issues: ['cursor'],
  },
  {
    name: 'T-43 SQL for a page',
    path: "/api/audit/entries?cursor=1'%20or%201=1",
    call: {},
    status: 400,
    code: 'cursor_invalid',
    issues: ['cursor'],
  },
  {
    name: 'a limit out of range',
    path: '/api/audit/entries?limit=100000',
    call: {},
    status: 400,
    code: 'invalid_input',
    issues: ['limit'],
  },
  {
    name: 'an address with doubled slashes (T-38)',
    path: '//api//widgets/widgets',
    call: {},
    status: 404,
    code: 'not_found',
  },
  {
    name: 'an address above its length',
    path: `/api/widgets/widgets/${'x'.repeat(300)}`,
    call: {},
    status: 414,
    code: 'url_too_long',
  },
];

for (const { name, path = '/api/widgets/widgets', call, status, code, issues } of table) {
  test(`EDG-4 ${name}: ${status} ${code}`, async () => {
    const answer = await send(fixture.url, path, { cookie: person.cookie, company, ...call });
    assert.deepEqual([answer.status, answer.json['code']], [status, code], answer.text.slice(0, 300));
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    const told = answer.json['issues'] as { path: string }[] | undefined;
    assert.deepEqual(
      told?.map((issue) => issue.path),
      issues,
    );
  });
}

test('EDG-4 nothing of all that was written', async () => {
  const { rows } = await asRole(fixture.database, 'superuser', (client) =>
    client.query<{ count: string }>('select count(*) from widgets.widget'),
  );
  assert.equal(rows[0]?.count, '0');
});

test('EDG-4 a refused input is never echoed', async () => {
  const marker = 'do-not-echo-this-value';
  const answers = [
    await send(fixture.url, '/api/widgets/widgets', {
      cookie: person.cookie,
      company,
      json: { name: 'a', size: marker },
    }),
    await send(fixture.url, `/api/widgets/widgets/${marker}`, { cookie: person.cookie }),
    await send(fixture.url, '/api/session', { json: { email: marker, password: [marker] } }),
    await send(fixture.url, '/api/widgets/widgets', {
      cookie: person.cookie,
      headers: typed,
      body: `{"${marker}`,
    }),
  ];
  for (const { status, text } of answers) {
    assert.equal(status, 400);
    assert.ok(!text.includes(marker), text);
  }
});

test('a procedure with a larger limit takes a larger body', async () => {
  const text = 'x'.repeat(2 * 1024 * 1024);
  const answer = await send(fixture.url, '/api/widgets/widgets/load', {
    cookie: person.cookie,
    json: { text },
  });
  assert.deepEqual([answer.status, answer.json], [200, { length: text.length }]);
});
