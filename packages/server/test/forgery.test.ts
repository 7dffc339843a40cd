import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { openServer, signUp } from './fixture.ts';
import type { Fixture, Person } from './fixture.ts';

let fixture: Fixture;
let person: Person;

before(async () => {
  fixture = await openServer();
  person = await signUp(fixture.url);
});
after(async () => {
  await fixture.close();
});

type Forgery = {
  name: string;
  headers: Record<string, string | undefined>;
  cookie: boolean;
  passes: boolean;
};
const own = () => fixture.url;
const evil = 'https://evil.example';
const forgeries: Forgery[] = [
  {
    name: 'own page',
    headers: { origin: 'own', 'sec-fetch-site': 'same-origin' },
    cookie: true,
    passes: true,
  },
  {
    name: 'other site',
    headers: { origin: evil, 'sec-fetch-site': 'cross-site' },
    cookie: true,
    passes: false,
  },
  {
    name: 'sibling domain',
    headers: { origin: evil, 'sec-fetch-site': 'same-site' },
    cookie: true,
    passes: false,
  },
  {
    name: 'Origin right, Fetch Metadata wrong',
    headers: { origin: 'own', 'sec-fetch-site': 'cross-site' },
    cookie: true,
    passes: false,
  },
  {
    name: 'Origin right, same-site',
    headers: { origin: 'own', 'sec-fetch-site': 'same-site' },
    cookie: true,
    passes: false,
  },
  {
    name: 'Fetch Metadata right, Origin wrong',
    headers: { origin: evil, 'sec-fetch-site': 'same-origin' },
    cookie: true,
    passes: false,
  },
  {
    name: 'Origin null',
    headers: { origin: 'null', 'sec-fetch-site': 'same-origin' },
    cookie: true,
    passes: false,
  },
  {
    name: 'address bar',
    headers: { origin: undefined, 'sec-fetch-site': 'none' },
    cookie: true,
    passes: false,
  },
  {
    name: 'cookie, no Origin',
    headers: { origin: undefined, 'sec-fetch-site': 'same-origin' },
    cookie: true,
    passes: false,
  },
  {
    name: 'cookie, no Fetch Metadata',
    headers: { origin: 'own', 'sec-fetch-site': undefined },
    cookie: true,
    passes: false,
  },
  {
    name: 'cookie, neither',
    headers: { origin: undefined, 'sec-fetch-site': undefined },
    cookie: true,
    passes: false,
  },
  {
    name: 'a program without a cookie',
    headers: { origin: undefined, 'sec-fetch-site': undefined },
    cookie: false,
    passes: true,
  },
  {
    name: 'sign-in forced by another site',
    headers: { origin: evil, 'sec-fetch-site': 'cross-site' },
    cookie: false,
    passes: false,
  },
  {
    name: 'own origin, other port',
    headers: { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-origin' },
    cookie: true,
    passes: false,
  },
];

for (const { name, headers, cookie, passes } of forgeries) {
  test(`T-56 unsafe request, ${name}: ${passes ? 'passes' : 'refused'}`, async () => {
    const chosen = Object.entries(headers).map(
      ([key, value]) => [key, value === 'own' ? own() : value] as const,
    );
    const response = await fetchBare('/api/session', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...Object.fromEntries(chosen.filter(([, value]) => value !== undefined)),
        ...(cookie ? { cookie: person.cookie } : {}),
      },
      body: JSON.stringify({ email: person.email, password: 'wrong on purpose, always' }),
    });
    const expected = passes ? [401, 'sign_in_refused'] : [403, 'cross_origin_refused'];
    assert.deepEqual([response.status, response.code], expected);
  });
}

test('T-56 a safe request passes from anywhere and sets nothing', async () => {
  const response = await fetchBare('/api/session', {
    method: 'GET',
    headers: { origin: evil, 'sec-fetch-site': 'cross-site', cookie: person.cookie },
  });
  assert.equal(response.status, 200);
});

/** A request with these headers and no others: fetch would add some of its own. */
async function fetchBare(
  path: string,
  call: { method: string; headers: Record<string, string | undefined>; body?: string },
): Promise<{ status: number; code: string | undefined }> {
  const { port } = new URL(fixture.url);
  const socket = connect(Number(port), '127.0.0.1');
  const lines = Object.entries(call.headers).map(([name, value]) => `${name}: ${value}`);
  const body = call.body ?? '';
  socket.write(
    [
      `${call.method} ${path} HTTP/1.1`,
      `host: 127.0.0.1:${port}`,
      'connection: close',
      `content-length: ${Buffer.byteLength(body)}`,
      ...lines,
      '',
      body,
    ].join('\r\n'),
  );
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, 'close');
  const status = Number(text.split(' ')[1]);
  const { code } = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as { code?: string };
  return { status, code };
}
