import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { goodPassword, openServer, send, signUp } from './fixture.ts';
import type { Answer, Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

let fixture: Fixture;
let person: Person;

before(async () => {
  fixture = await openServer([widgetsModule().module]);
  person = await signUp(fixture.url);
});
after(async () => {
  await fixture.close();
});

/** Headers of every answer, exactly. */
const secured = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'; report-uri /violation-reports; report-to violations",
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy':
    'accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), screen-wake-lock=(), serial=(), sync-xhr=(), usb=(), xr-spatial-tracking=()',
  'referrer-policy': 'no-referrer',
  'reporting-endpoints': 'violations="/violation-reports"',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'cache-control': 'no-store',
};

/** Headers about the message itself, which differ from answer to answer. */
const ofTheMessage = ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'x-request-id'];

function policyOf({ headers }: Pick<Answer, 'headers'>): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !ofTheMessage.includes(name)));
}

const kinds: { name: string; path: string; method?: string; status: number; extra?: object }[] = [
  { name: 'a page', path: '/api/docs', status: 200 },
  { name: 'a style sheet', path: '/api/docs.css', status: 200 },
  { name: 'the document', path: '/api/openapi.json', status: 200 },
  { name: 'an answer of the API', path: '/api/session', status: 200 },
  { name: 'a refused input', path: '/api/widgets/widgets/none', status: 400 },
  { name: 'an unknown address', path: '/nowhere', status: 404 },
  {
    name: 'a wrong method',
    path: '/api/session',
    method: 'PATCH',
    status: 405,
    extra: { allow: 'POST, GET, DELETE' },
  },
  { name: 'a wrong method of the RPC', path: '/rpc/session/read', status: 405, extra: { allow: 'POST' } },
  { name: 'a fault', path: '/api/widgets/fail?how=throw', status: 500 },
  { name: 'an address that is not UTF-8', path: '/api/%ff', status: 400 },
  { name: 'the process', path: '/healthz', status: 200 },
  { name: 'the readiness', path: '/readyz', status: 200 },
];

for (const { name, path, method = 'GET', status, extra = {} } of kinds) {
  test(`EDG-4 T-55 ${name} carries exactly the security headers`, async () => {
    const answer = await send(fixture.url, path, { method, cookie: person.cookie });
    assert.equal(answer.status, status);
    assert.deepEqual(policyOf(answer), { ...secured, ...extra });
    assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  });
}

test('EDG-4 behind TLS, HSTS and the upgrade of insecure requests are added', async () => {
  const secure = await openServer([], { http: { publicUrl: 'https://app.example.com' } });
  try {
    const { headers } = await send(secure.url, '/healthz');
    assert.equal(headers.get('strict-transport-security'), 'max-age=63072000; includeSubDomains');
    assert.match(headers.get('content-security-policy') ?? '', /; upgrade-insecure-requests$/);
  } finally {
    await secure.close();
  }
});

test('EDG-4 bytes that are no HTTP request are answered as a problem with the same headers', async () => {
  const { port } = new URL(fixture.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.end('NONSENSE\r\n\r\n');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, 'close');
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
  for (const [name, value] of Object.entries(secured))
    assert.ok(text.includes(`${name}: ${value}\r\n`), name);
  const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as { code: string };
  assert.equal(body.code, 'malformed_request');
});

test('EDG-4 the session cookie has exactly its attributes, at sign-in and at sign-out', async () => {
  const signedIn = await send(fixture.url, '/api/session', {
    json: { email: person.email, password: goodPassword },
  });
  assert.equal(signedIn.status, 200);
  const [cookie = '', device = '', ...others] = signedIn.headers.getSetCookie();
  assert.deepEqual(others, []);
  // Lets the browser be known again, and opens nothing.
  assert.match(
    device,
    /^__Host-bulkhead-device=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict; Max-Age=34560000$/,
  );
  assert.match(
    cookie,
    /^__Host-bulkhead=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict; Max-Age=1209\d{3}$/,
  );
  const token = cookie.split(';')[0] ?? '';
  const signedOut = await send(fixture.url, '/api/session', { method: 'DELETE', cookie: token });
  assert.equal(signedOut.status, 200);
  assert.deepEqual(signedOut.headers.getSetCookie(), [
    '__Host-bulkhead=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0',
  ]);
  assert.equal((await send(fixture.url, '/api/session', { cookie: token })).status, 401);
});

test('T-45 a sign-out that could not be done is not answered as done', async () => {
  const broken = await openServer();
  try {
    const someone = await signUp(broken.url);
    await broken.database.drop();
    const { status, json, headers } = await send(broken.url, '/api/session', {
      method: 'DELETE',
      cookie: someone.cookie,
    });
    assert.deepEqual([status, json['code']], [503, 'database_unavailable']);
    assert.ok(Number(headers.get('retry-after')) > 0);
    assert.deepEqual(headers.getSetCookie(), []);
  } finally {
    await broken.server.close({ force: true });
  }
});

test('T-37 the request’s Host and forwarding headers decide nothing', async () => {
  const answer = await send(fixture.url, '/api/docs', {
    headers: {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-request-id': 'chosen-by-client',
    },
  });
  assert.equal(answer.status, 200);
  assert.doesNotMatch(answer.text, /evil\.example/);
  assert.notEqual(answer.headers.get('x-request-id'), 'chosen-by-client');
  assert.equal(answer.headers.get('strict-transport-security'), null);
});

test('EDG-4 a trusted proxy’s request id and client address are believed', async () => {
  const behind = await openServer([widgetsModule().module], { http: { trustedProxies: ['127.0.0.0/8'] } });
  try {
    const someone = await signUp(behind.url);
    const answer = await send(behind.url, '/api/companies', {
      cookie: someone.cookie,
      headers: { 'x-forwarded-for': '::ffff:192.0.2.7', 'x-request-id': 'proxy-0123456789' },
      json: { name: 'Second' },
    });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('x-request-id'), 'proxy-0123456789');
    const audit = await send(behind.url, '/api/audit/entries?limit=1', { cookie: someone.cookie });
    const [entry] = audit.json['entries'] as { requestId: string; ip: string }[];
    assert.deepEqual([entry?.requestId, entry?.ip], ['proxy-0123456789', '192.0.2.7']);
  } finally {
    await behind.close();
  }
});

/** Sends bytes as they are and reads until the server closes. */
async function exchange(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

test('EDG-4 headers that are too large are refused with 431, as a problem', async () => {
  const text = await exchange(
    fixture.url,
    `GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`,
  );
  assert.match(text, /^HTTP\/1\.1 431 [\s\S]*"code":"headers_too_large"/);
});

test('EDG-4 a client that sends its headers too slowly is cut off with 408, as a problem', async () => {
  const impatient = await openServer([], { http: { headersTimeout: 100, requestTimeout: 200 } });
  try {
    const text = await exchange(impatient.url, 'GET /healthz HTTP/1.1\r\nhost: x\r\n');
    assert.match(text, /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
    assert.match(text, /content-security-policy: default-src 'none'/);
  } finally {
    await impatient.close();
  }
});

test('EDG-4 a server whose event loop is stuck sheds requests with 503 and Retry-After', async () => {
  const stuck = await openServer([], { http: { shedAfter: 50 } });
  try {
    assert.equal((await send(stuck.url, '/healthz')).status, 200);
    // Nothing else can bring the delay about: the measure is taken once a second.
    const end = performance.now() + 1500;
    while (performance.now() < end);
    const answer = await send(stuck.url, '/api/session');
    assert.deepEqual([answer.status, answer.json['code']], [503, 'overloaded']);
    assert.equal(answer.headers.get('retry-after'), '2');
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    assert.equal((await send(stuck.url, '/healthz')).status, 200);
  } finally {
    await stuck.close();
  }
});
