import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { securityHeaders } from '../../packages/server/src/http/headers.ts';
import { freePorts, startCaddy } from '../harness/caddy.ts';
import type { Caddy } from '../harness/caddy.ts';
import { eventually } from '../harness/eventually.ts';
import { missing } from '../harness/index.ts';
import { ask, openEdge, signedIn } from './world.ts';
import type { Ask, EdgeWorld, Raw, Way } from './world.ts';

/** Headers about the connection or the moment, which each way has of its own. */
const ofTheWay = new Set([
  'connection',
  'keep-alive',
  'date',
  'transfer-encoding',
  'content-length',
  'x-request-id',
]);

/** What an answer says, each header as often as it came, in order; a nonce is as good as another. */
function sayings({ headers }: Raw): string[] {
  return headers
    .filter(([name]) => !ofTheWay.has(name))
    .map(([name, value]) => `${name}: ${value.replace(/'nonce-[^']+'/, "'nonce-…'")}`)
    .toSorted();
}

describe('headers with Caddy and without (EDG-1)', { skip: missing('caddy') }, () => {
  let world: EdgeWorld;
  let cookie: string;
  before(async () => {
    world = await openEdge();
    cookie = await signedIn(world);
  });
  after(() => world.close());
  const way = (index: 0 | 1): Way => world.ways[index] ?? assert.fail();

  const answers: { name: string; ask: () => Ask; status: number; type: RegExp | undefined }[] = [
    {
      name: 'a page',
      ask: () => ({ path: '/invoices', headers: { accept: 'text/html' } }),
      status: 200,
      type: /^text\/html/,
    },
    { name: 'the first page', ask: () => ({ path: '/' }), status: 200, type: /^text\/html/ },
    { name: 'a page’s head', ask: () => ({ path: '/', method: 'HEAD' }), status: 200, type: /^text\/html/ },
    { name: 'a page without scripts', ask: () => ({ path: '/api/docs' }), status: 200, type: /^text\/html/ },
    {
      name: 'an answer of the API',
      ask: () => ({ path: '/api/session', headers: { cookie } }),
      status: 200,
      type: /^application\/json/,
    },
    {
      name: 'an asset',
      ask: () => ({ path: asset() }),
      status: 200,
      type: /^(text|application)\/javascript/,
    },
    { name: 'a file that is no asset', ask: () => ({ path: '/bulkhead.svg' }), status: 200, type: /svg/ },
    { name: 'an unknown address', ask: () => ({ path: '/nowhere' }), status: 404, type: /problem\+json/ },
    { name: 'nobody signed in', ask: () => ({ path: '/api/companies' }), status: 401, type: /problem\+json/ },
    {
      name: 'a wrong method',
      ask: () => ({ path: '/api/session', method: 'PATCH' }),
      status: 405,
      type: /problem\+json/,
    },
    {
      name: 'a fault inside',
      ask: () => ({ path: '/api/widgets/fail?how=throw', headers: { cookie } }),
      status: 500,
      type: /problem\+json/,
    },
    {
      name: 'a stream of events',
      ask: () => ({ path: '/api/widgets/watch', headers: { cookie } }),
      status: 200,
      type: /^text\/event-stream/,
    },
    {
      name: 'a sign-out, which sets a cookie',
      ask: () => ({
        path: '/api/session',
        method: 'DELETE',
        headers: { origin: world.caddy.url, 'sec-fetch-site': 'same-origin' },
      }),
      status: 401,
      type: /problem\+json/,
    },
    {
      name: 'a preflight nobody allowed',
      ask: () => ({
        path: '/api/companies',
        method: 'OPTIONS',
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
      }),
      status: 405,
      type: /problem\+json/,
    },
  ];

  const asset = (): string =>
    /"(\/assets\/index-[^"]+\.js)"/.exec(readFileSync(new URL('index.html', dist()), 'utf8'))?.[1] ?? '/none';
  const dist = (): URL => new URL('../../packages/console/dist/', import.meta.url);

  for (const { name, ask: wanted, status, type } of answers) {
    it(`${name}: the same, each once`, async () => {
      const straight = await ask(way(0), wanted());
      const through = await ask(way(1), wanted());
      assert.deepEqual([straight.status, through.status], [status, status], through.body.slice(0, 300));
      assert.match(straight.headers.find(([key]) => key === 'content-type')?.[1] ?? '', type ?? /^$/);
      assert.deepEqual(sayings(through), sayings(straight));
      const names = straight.headers.map(([key]) => key);
      assert.deepEqual(names, [...new Set(names)], 'no header twice');
      for (const key of Object.keys(securityHeaders({ https: true }))) assert.ok(names.includes(key), key);
      for (const key of ['server', 'via', 'x-powered-by', 'alt-svc']) {
        assert.ok(!through.headers.some(([found]) => found === key), key);
      }
    });
  }

  it('what Caddy answers by itself carries the server’s table, to the letter', async () => {
    const ports = await freePorts();
    const nobody = await closedPort();
    const caddy = await startCaddy({ upstream: nobody, ports });
    try {
      const alone: Way = {
        name: 'through Caddy',
        host: 'localhost',
        port: ports.https,
        authority: caddy.authority,
      };
      const asked = {
        path: '/reset?token=sekrit',
        headers: { cookie: 'a=sekrit', authorization: 'Bearer sekrit' },
      };
      const answer = await ask(alone, asked);
      assert.equal(answer.status, 502);
      const expected = {
        ...securityHeaders({ https: true }),
        'content-type': 'application/problem+json; charset=utf-8',
      };
      assert.deepEqual(
        sayings(answer),
        Object.entries(expected)
          .map(([name, value]) => `${name}: ${value}`)
          .toSorted(),
      );
      const { code, status } = JSON.parse(answer.body) as { code: string; status: number };
      assert.deepEqual([code, status], ['edge', 502]);
      await logged(caddy, '"uri":"/reset"', '"status":502');
      assert.ok(!caddy.log.join('').includes('sekrit'), 'no secret in the log, whatever went wrong');
    } finally {
      await caddy.stop();
    }
  });

  it('the access log says who asked for what and when, and nothing that opens a door', async () => {
    const headers = {
      cookie: `${cookie}; sekrit=1`,
      authorization: 'Bearer sekrit',
      referer: 'https://x.example/?sekrit',
      'user-agent': 'sekrit',
      'x-sekrit': 'sekrit',
    };
    await ask(way(1), { path: '/api/companies?token=sekrit', headers });
    await ask(way(1), { path: '/oidc/authorize?state=sekrit', headers });
    await logged(world.caddy, '"uri":"/oidc/authorize"');
    const line = await logged(world.caddy, '"uri":"/api/companies"', '"status":400');
    const entry = JSON.parse(line) as { request: Record<string, unknown>; status: number };
    assert.deepEqual(Object.keys(entry.request).toSorted(), [
      'host',
      'method',
      'proto',
      'remote_ip',
      'remote_port',
      'tls',
      'uri',
    ]);
    const [, token = '-'] = cookie.split('=');
    assert.doesNotMatch(world.caddy.log.join(''), new RegExp(`sekrit|${token}`));
  });

  it('the server is told whom Caddy saw, whatever a client claims, and one request id that it did not choose', async () => {
    const headers = {
      cookie,
      'x-forwarded-for': '203.0.113.9',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
      'x-forwarded-host': 'evil.example',
      'x-request-id': 'chosen-by-client',
      origin: world.caddy.url,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
    };
    const made = await ask(way(1), {
      method: 'POST',
      path: '/api/companies',
      headers,
      body: JSON.stringify({ name: 'Told the truth' }),
    });
    assert.equal(made.status, 201, made.body);
    const id = made.headers.find(([name]) => name === 'x-request-id')?.[1] ?? '';
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const log = await ask(way(1), { path: '/api/audit/entries?limit=1', headers: { cookie } });
    const { entries } = JSON.parse(log.body) as { entries: { ip: string; requestId: string }[] };
    assert.deepEqual([entries[0]?.ip, entries[0]?.requestId], ['127.0.0.1', id]);
  });

  it('plain HTTP leads to https and answers nothing else', async () => {
    const port = world.caddy.ports.http;
    const plain: Way = { name: 'straight', host: 'localhost', port, authority: undefined };
    const led = await ask(plain, { path: '/reset?x=1', headers: { host: 'localhost' } });
    assert.equal(led.status, 308);
    assert.deepEqual(sayings(led), [`location: ${world.caddy.url}/reset?x=1`]);
    const stray = await ask(plain, { path: '/', headers: { host: 'evil.example' } });
    assert.deepEqual([stray.status, stray.body, sayings(stray)], [421, '', []]);
  });

  it('a stream of events is passed on as it comes, and ends at the server when its reader leaves', async () => {
    const live = { path: '/api/audit/tail?seconds=30', headers: { cookie } };
    // Each is answered while it is still open, and an account has three at most.
    const first = await Promise.all([1, 2, 3].map(() => ask(way(1), live)));
    for (const { status, body } of first)
      assert.deepEqual([status, body.includes('data: ')], [200, true], body);
    await eventually(async () => ((await ask(way(1), live)).status === 200 ? true : undefined), {
      what: 'the server to notice that the readers left',
    });
  });
});

/** The line of the log that holds these texts; Caddy writes it once the answer is out. */
function logged({ log }: Caddy, ...texts: string[]): Promise<string> {
  return eventually(() => Promise.resolve(log.find((line) => texts.every((text) => line.includes(text)))), {
    what: `a line with ${texts.join(' and ')}`,
  });
}

/** A port that refuses: somebody listened there a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}
