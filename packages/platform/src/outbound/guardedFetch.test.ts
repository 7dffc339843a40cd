import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openListener, type Listener } from '../../test/listener.ts';
import { openSecureServer, type SecureServer } from '../../test/secureServer.ts';
import { withMutant, type Mutation } from '../../test/mutant.ts';
import { checkDestination, guardedFetch, type GuardedRequest } from './guardedFetch.ts';

const kibibyte = 1024;

describe('a guarded call (EDG-7)', () => {
  let listener: Listener;
  let inner: Listener;
  let secure: SecureServer;
  let options: GuardedRequest;
  const at = (path: string, host = 'app.example.com'): string => `http://${host}:${listener.port}${path}`;

  before(async () => {
    inner = await openListener();
    secure = await openSecureServer('idp.example.com', (_request, response) => response.end('secure'));
    listener = await openListener(answer);
    // The outer server stands for the internet: it alone is opened.
    options = {
      http: true,
      resolve: (host) => Promise.resolve([host.startsWith('inner') ? '10.0.0.1' : '127.0.0.1']),
      privateTargets: [{ range: '127.0.0.1/32', ports: [listener.port] }],
      maxBytes: 64 * kibibyte,
    };
  });
  after(() => Promise.all([listener.close(), inner.close(), secure.close()]));

  function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const to = (location: string, status = 302): void => void response.writeHead(status, { location }).end();
    const path = new URL(url, 'http://x').pathname;
    const zeros = Buffer.alloc(10 * 1024 * kibibyte);
    const encoded = (encoding: string, bytes: Buffer): void =>
      void response.writeHead(200, { 'content-encoding': encoding }).end(bytes);
    const answers: Record<string, () => void> = {
      '/hello': () => void response.writeHead(200, { 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'] }).end('hello'),
      '/empty': () => void response.writeHead(204).end(),
      '/once': () => to('/hello'),
      '/loop': () => to('/loop'),
      '/three': () => to('/two'),
      '/two': () => to('/once'),
      '/four': () => to('/three'),
      '/elsewhere': () => to(at('/hello', 'other.example.com'), 307),
      '/inside': () => to(`http://127.0.0.2:${inner.port}/`),
      '/inside-name': () => to(`http://inner.example.com:${listener.port}/`),
      '/inside-octal': () => to(`//0177.0.0.1:${inner.port}/`),
      '/metadata': () => to('http://169.254.169.254/latest/meta-data/'),
      '/file': () => to('file:///etc/passwd'),
      '/credentials': () => to(`http://a:b@app.example.com:${listener.port}/hello`),
      '/large': () => void response.end(Buffer.alloc(65 * kibibyte)),
      '/fits': () => void response.end(Buffer.alloc(64 * kibibyte)),
      '/endless': () => {
        const more = (): void => {
          while (response.write(Buffer.alloc(16 * kibibyte)));
          response.once('drain', more);
        };
        more();
      },
      '/gzip-bomb': () => encoded('gzip', gzipSync(zeros)),
      '/br-bomb': () => encoded('br', brotliCompressSync(zeros)),
      '/deflate-bomb': () => encoded('deflate', deflateSync(zeros)),
      '/twice': () => encoded('gzip, gzip', gzipSync(gzipSync('x'))),
      '/unknown': () => encoded('zstd', Buffer.from('x')),
      '/broken': () => encoded('gzip', Buffer.from('no gzip')),
      '/gzip': () => encoded('gzip', gzipSync('unfolded')),
      '/silent': () => {},
      '/stalls': () => void response.writeHead(200, { 'content-length': '10' }).write('ab'),
      '/breaks': () => {
        response.writeHead(200, { 'content-length': '10' }).write('ab');
        setImmediate(() => response.destroy());
      },
      '/headers': () => void response.writeHead(200, { 'x-long': 'a'.repeat(17 * kibibyte) }).end(),
    };
    (answers[path] ?? (() => response.writeHead(404).end()))();
  }

  const refused = (code: string, path: string, more: GuardedRequest = {}): Promise<void> =>
    assert.rejects(guardedFetch(at(path), { ...options, ...more }), { name: 'OutboundError', code });

  test('gives status, headers and body as they came', async () => {
    const hello = await guardedFetch(at('/hello'), options);
    assert.deepEqual([hello.status, hello.headers.get('x-a'), await hello.text()], [200, 'b', 'hello']);
    assert.deepEqual(hello.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal((await guardedFetch(at('/empty'), options)).status, 204);
    assert.equal((await guardedFetch(at('/nowhere'), options)).status, 404);
    const unfolded = await guardedFetch(at('/gzip'), options);
    assert.deepEqual([await unfolded.text(), unfolded.headers.get('content-encoding')], ['unfolded', null]);
  });

  test('sends what is to be sent, to the host that was checked whatever the headers say', async () => {
    await guardedFetch(at('/hello'), {
      ...options,
      method: 'POST',
      body: 'a=b',
      headers: { 'Content-Type': 'text/plain', Host: 'evil.example', 'Transfer-Encoding': 'chunked' },
    });
    const seen = listener.requests.at(-1);
    assert.equal(seen?.method, 'POST');
    assert.equal(seen.headers.host, `app.example.com:${listener.port}`);
    assert.equal(seen.headers['content-length'], '3');
    assert.equal(seen.headers['transfer-encoding'], undefined);
  });

  test('follows three redirects, not four', async () => {
    assert.equal(await (await guardedFetch(at('/three'), options)).text(), 'hello');
    await refused('redirect_refused', '/four');
    await refused('redirect_refused', '/loop');
    await refused('redirect_refused', '/once', { maxRedirects: 0 });
    await refused('redirect_refused', '/once', { redirect: 'error' });
    await refused('redirect_refused', '/once', { method: 'POST' });
    assert.equal((await guardedFetch(at('/once'), { ...options, redirect: 'manual' })).status, 302);
  });

  test('T-54: judges each redirect anew', async () => {
    for (const path of ['/inside', '/inside-octal', '/file', '/credentials']) {
      // oxlint-disable-next-line no-await-in-loop -- they count the same connections
      await refused('redirect_refused', path);
    }
    await refused('destination_refused', '/metadata');
    await refused('destination_refused', '/inside-name');
    assert.equal(inner.connections(), 0);
  });

  test('takes no credentials along to another origin', async () => {
    const headers = {
      Authorization: 'Bearer secret',
      Cookie: 'a=b',
      'X-Api-Key': 'secret',
      Accept: 'text/plain',
    };
    await guardedFetch(at('/elsewhere'), { ...options, headers });
    const seen = listener.requests.at(-1)?.headers;
    assert.equal(seen?.host, `other.example.com:${listener.port}`);
    assert.deepEqual(
      [seen['authorization'], seen['cookie'], seen['x-api-key'], seen.accept],
      [undefined, undefined, undefined, 'text/plain'],
    );
    await guardedFetch(at('/once'), { ...options, headers });
    assert.equal(listener.requests.at(-1)?.headers.authorization, 'Bearer secret');
  });

  test('reads at most so many bytes, packed or unpacked', async () => {
    assert.equal((await (await guardedFetch(at('/fits'), options)).arrayBuffer()).byteLength, 64 * kibibyte);
    for (const path of [
      '/large',
      '/endless',
      '/gzip-bomb',
      '/br-bomb',
      '/deflate-bomb',
      '/twice',
      '/unknown',
      '/broken',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time, for a clear failure
      await refused('answer_refused', path);
    }
    await refused('unreachable', '/headers');
  });

  test('cuts a longer body where it is asked to, and unfolds nothing then', async () => {
    const cut = { ...options, beyondLimit: 'cut' } as const;
    const bytesOf = async (path: string): Promise<number> =>
      (await (await guardedFetch(at(path), cut)).arrayBuffer()).byteLength;
    assert.equal(await bytesOf('/large'), 64 * kibibyte);
    assert.equal(await bytesOf('/endless'), 64 * kibibyte);
    assert.equal(await bytesOf('/hello'), 5);
    assert.equal(await bytesOf('/empty'), 0);
    for (const path of ['/gzip-bomb', '/br-bomb', '/twice', '/unknown', '/gzip']) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time, for a clear failure
      assert.equal(await bytesOf(path), 0, path);
    }
  });

  test('waits so long and no longer, for each part and for all', async () => {
    await refused('unreachable', '/silent', { timeouts: { total: 50 } });
    await refused('unreachable', '/stalls', { timeouts: { total: 50 } });
    await refused('unreachable', '/breaks');
    await refused('unreachable', '/silent', { signal: AbortSignal.timeout(20) });
    await refused('unreachable', '/silent', { signal: AbortSignal.abort() });
  });

  test('TLS: the certificate must be the name’s, and the authority one that is trusted', async () => {
    const tls: GuardedRequest = {
      ...options,
      http: false,
      privateTargets: [{ range: '127.0.0.1/32', ports: [secure.port] }],
      authorities: [secure.certificate],
    };
    const url = `https://idp.example.com:${secure.port}/`;
    assert.equal(await (await guardedFetch(url, tls)).text(), 'secure');
    assert.deepEqual(secure.names, ['idp.example.com']);
    const code = 'unreachable';
    await assert.rejects(guardedFetch(`https://other.example.com:${secure.port}/`, tls), { code });
    await assert.rejects(guardedFetch(`https://127.0.0.1:${secure.port}/`, tls), { code });
    const { authorities, ...systems } = tls;
    assert.equal(authorities?.length, 1);
    await assert.rejects(guardedFetch(url, systems), { code });
  });

  test('the next address is tried when one does not answer', async () => {
    const closedPort = { range: '127.0.0.2/32', ports: [listener.port] };
    const resolve = (): Promise<string[]> => Promise.resolve(['127.0.0.1', '127.0.0.2']);
    const privateTargets = [...(options.privateTargets ?? []), closedPort];
    const answered = await guardedFetch(at('/hello'), { ...options, resolve, privateTargets });
    assert.equal(answered.status, 200);
  });

  test('checkDestination says no without calling', async () => {
    const before = listener.connections();
    await assert.rejects(checkDestination('http://127.0.0.1:1/', options), { code: 'url_refused' });
    await assert.rejects(checkDestination('https://10.0.0.1/'), { code: 'destination_refused' });
    await checkDestination(at('/hello'), options);
    assert.equal(listener.connections(), before);
  });

  const mutations: [string, Mutation, (fetch: typeof guardedFetch) => Promise<void>][] = [
    [
      'credentials travel on',
      { file: 'outbound/guardedFetch.ts', from: 'next.origin !== url.origin', to: 'false' },
      async (fetch) => {
        await fetch(at('/elsewhere'), { ...options, headers: { authorization: 'Bearer secret' } });
        assert.equal(listener.requests.at(-1)?.headers.authorization, 'Bearer secret');
      },
    ],
    [
      'a packed answer unfolds without limit',
      { file: 'outbound/body.ts', from: '{ maxOutputLength: maxBytes }', to: '{}' },
      async (fetch) => {
        const { byteLength } = await (await fetch(at('/gzip-bomb'), options)).arrayBuffer();
        assert.equal(byteLength, 10 * 1024 * kibibyte);
      },
    ],
    [
      'a long answer is read whole',
      { file: 'outbound/body.ts', from: 'size > maxBytes', to: 'false' },
      async (fetch) =>
        assert.equal((await (await fetch(at('/large'), options)).arrayBuffer()).byteLength, 65 * kibibyte),
    ],
    [
      'a certificate of another name is taken',
      {
        file: 'outbound/dispatcher.ts',
        from: 'allowH2: false,',
        to: 'allowH2: false, checkServerIdentity: () => undefined,',
      },
      async (fetch) => {
        const answered = await fetch(`https://other.example.com:${secure.port}/`, {
          ...options,
          privateTargets: [{ range: '127.0.0.1/32', ports: [secure.port] }],
          authorities: [secure.certificate],
        });
        assert.equal(await answered.text(), 'secure');
      },
    ],
    [
      'redirects have no end',
      { file: 'outbound/guardedFetch.ts', from: 'left <= 0', to: 'false' },
      async (fetch) => assert.equal((await fetch(at('/four'), options)).status, 200),
    ],
  ];
  for (const [name, mutation, attack] of mutations) {
    test(`mutation: ${name}`, () =>
      withMutant<{ guardedFetch: typeof guardedFetch }, void>(
        mutation,
        'outbound/guardedFetch.ts',
        (mutant) => attack(mutant.guardedFetch),
      ));
  }
});
