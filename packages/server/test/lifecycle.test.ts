import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createTestDatabase, startTestServer } from '../../../test/harness/index.ts';
import { createServer } from '../src/index.ts';
import { configFor, openServer, send, signUp } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

type Reply = { status: number; body: string; connection: string | undefined };

/** A GET over a connection that is kept. */
async function get(agent: Agent, url: string, cookie = ''): Promise<Reply> {
  const call = request(url, { agent, headers: { cookie } });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let body = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  await once(response, 'end');
  return { status: response.statusCode ?? 0, body, connection: response.headers.connection };
}

test('shutdown finishes what was accepted, refuses what comes after, and fails readiness at once', async () => {
  const { module, events } = widgetsModule();
  const fixture = await openServer([module]);
  const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })] as const;
  try {
    const person = await signUp(fixture.url);
    const started = once(events, 'started');
    const slow = get(agents[0], `${fixture.url}/api/widgets/slow`, person.cookie);
    await started;
    // Busy from before the shutdown on, so that its connection outlives the idle ones.
    const startedToo = once(events, 'started');
    const socket = connect(Number(new URL(fixture.url).port), '127.0.0.1');
    const line = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\ncookie: ${person.cookie}\r\n\r\n`;
    socket.write(line('/api/widgets/slow'));
    await startedToo;
    const closed = fixture.server.close();
    // Pipelined behind the slow one: accepted by a server that is leaving.
    socket.write(line('/api/session') + line('/readyz'));
    await assert.rejects(get(agents[1], `${fixture.url}/healthz`), { code: 'ECONNREFUSED' });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    events.emit('release');
    const reply = await slow;
    assert.deepEqual([reply.status, reply.body, reply.connection], [200, '{"answered":true}', 'close']);
    await once(socket, 'close');
    assert.match(text, /^HTTP\/1\.1 200 /);
    await closed;
    assert.equal(fixture.server.address, undefined);
  } finally {
    for (const agent of agents) agent.destroy();
    await fixture.close();
  }
});

test('a server that is leaving says so: readiness fails, requests are refused as a problem', async () => {
  const { module, events } = widgetsModule();
  const fixture = await openServer([module]);
  const agent = new Agent({ keepAlive: true });
  try {
    const person = await signUp(fixture.url);
    const started = once(events, 'started');
    const slow = get(agent, `${fixture.url}/api/widgets/slow`, person.cookie);
    await started;
    const half = connect(Number(new URL(fixture.url).port), '127.0.0.1');
    await once(half, 'connect');
    const other = connect(Number(new URL(fixture.url).port), '127.0.0.1');
    await once(other, 'connect');
    // Their requests have begun and are not complete when the end is asked for.
    half.write('GET /api/session HTTP/1.1\r\nhost: x\r\n');
    other.write('GET /readyz HTTP/1.1\r\nhost: x\r\n');
    await get(agent, `${fixture.url}/healthz`);
    const closed = fixture.server.close();
    const texts = [half, other].map(async (socket) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.write('\r\n');
      await once(socket, 'close');
      return text;
    });
    const [refused = '', ready = ''] = await Promise.all(texts);
    assert.match(refused, /^HTTP\/1\.1 503 [\s\S]*retry-after: 2[\s\S]*"code":"shutting_down"/);
    assert.match(ready, /^HTTP\/1\.1 503 [\s\S]*"detail":"Failed: serving\.","code":"not_ready"/);
    events.emit('release');
    assert.equal((await slow).status, 200);
    await closed;
  } finally {
    agent.destroy();
    await fixture.close();
  }
});

test('shutdown cuts off what outstays the deadline, and a second call what is left', async () => {
  for (const second of [false, true]) {
    const { module, events } = widgetsModule();
    const fixture = await openServer([module], { http: { shutdownTimeout: second ? 600_000 : 50 } });
    try {
      const person = await signUp(fixture.url);
      const started = once(events, 'started');
      const slow = send(fixture.url, '/api/widgets/slow', { cookie: person.cookie });
      const cut = assert.rejects(slow);
      await started;
      const closed = fixture.server.close();
      if (second) await fixture.server.close();
      await closed;
      await cut;
    } finally {
      await fixture.close();
    }
  }
});

test('T-70 a restart of Postgres under load: requests fail cleanly and resume, the process lives', async () => {
  const { module } = widgetsModule();
  const postgres = await startTestServer();
  const database = await createTestDatabase({ server: postgres });
  const server = createServer(configFor(database), [module], { logStream: { write: () => {} } });
  try {
    const { port } = await server.listen();
    const url = `http://127.0.0.1:${port}`;
    const person = await signUp(url);
    const ask = () => send(url, '/api/widgets/widgets', { cookie: person.cookie });
    assert.equal((await ask()).status, 200);
    const load = Array.from({ length: 20 }, ask);
    await postgres.stop();
    const outcomes = new Set((await Promise.all(load)).map(({ status, json }) => json['code'] ?? status));
    for (const outcome of outcomes)
      assert.ok(outcome === 200 || outcome === 'database_unavailable', JSON.stringify(outcome));
    const down = await ask();
    assert.deepEqual(
      [down.status, down.json['code'], down.headers.get('retry-after')],
      [503, 'database_unavailable', '2'],
    );
    const ready = await send(url, '/readyz');
    assert.equal(ready.status, 503);
    assert.equal((await send(url, '/healthz')).status, 200);
  } finally {
    await server.close({ force: true });
    await postgres.stop();
  }
});
