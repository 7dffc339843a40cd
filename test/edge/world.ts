import { request as plainRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import { fileURLToPath } from 'node:url';
import { consoleFolder } from '../../packages/console/src/index.ts';
import { goodPassword, openServer } from '../../packages/server/test/fixture.ts';
import type { Fixture } from '../../packages/server/test/fixture.ts';
import { widgetsModule } from '../../packages/server/test/widgets/module.ts';
import { freePorts, startCaddy } from '../harness/caddy.ts';
import type { Caddy } from '../harness/caddy.ts';
import { makePerson } from '../harness/people.ts';

/** A server with the console, and Caddy in front of it as it is shipped. */
export type EdgeWorld = { server: Fixture; caddy: Caddy; ways: readonly Way[]; close: () => Promise<void> };

/** A way to the server: straight, or through Caddy. */
export type Way = {
  name: 'straight' | 'through Caddy';
  host: string;
  port: number;
  /** The authority to trust; undefined: no TLS. */
  authority: string | undefined;
};

/** @param options.impatient slow clients are cut off after a second or two, not ten and sixty */
export async function openEdge({ impatient = false } = {}): Promise<EdgeWorld> {
  const ports = await freePorts();
  const server = await openServer([widgetsModule().module], {
    http: {
      publicUrl: `https://localhost:${ports.https}`,
      trustedProxies: ['127.0.0.1'],
      console: fileURLToPath(consoleFolder),
      ...(impatient ? { headersTimeout: 1000, requestTimeout: 2000 } : {}),
    },
  });
  try {
    const upstream = Number(new URL(server.url).port);
    const caddy = await startCaddy({ upstream, ports, headerTimeout: impatient ? '2s' : undefined });
    const ways: Way[] = [
      { name: 'straight', host: '127.0.0.1', port: upstream, authority: undefined },
      { name: 'through Caddy', host: 'localhost', port: ports.https, authority: caddy.authority },
    ];
    const close = async () => {
      await caddy.stop();
      await server.close();
    };
    return { server, caddy, ways, close };
  } catch (error) {
    await server.close();
    throw error;
  }
}

export type Ask = {
  method?: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: string;
};

/** An answer with its headers as they came, each as often as it came. */
export type Raw = { status: number; headers: [string, string][]; body: string };

/** Asks over HTTP/1.1 and reads the whole answer; of a stream the first event. */
export function ask(way: Way, { method = 'GET', path, headers = {}, body }: Ask): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const named = { host: `${way.host}:${way.port}`, ...headers };
    const options = { method, path, headers: named, host: '127.0.0.1', port: way.port, agent: false };
    const read = (response: IncomingMessage) => {
      let text = '';
      const done = () => {
        asked.destroy();
        resolve({ status: response.statusCode ?? 0, headers: pairs(response.rawHeaders), body: text });
      };
      const streams = response.headers['content-type']?.startsWith('text/event-stream') === true;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (streams && /^data: .*\n\n/m.test(text)) done();
      });
      response.on('end', done);
    };
    const { authority } = way;
    const asked =
      authority === undefined
        ? plainRequest(options, read)
        : secureRequest({ ...options, ca: authority, servername: 'localhost' }, read);
    asked.once('error', reject);
    asked.end(body);
  });
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_item, index) => [
    raw[2 * index]?.toLowerCase() ?? '',
    raw[2 * index + 1] ?? '',
  ]);
}

/** Somebody with a company, signed in: the session's cookie. */
export async function signedIn({ server, caddy }: EdgeWorld): Promise<string> {
  const email = 'edge@example.org';
  await makePerson(server.database, {
    email,
    password: goodPassword,
    name: 'Edge',
    tenantName: 'Edge & Co',
    companyName: 'Edge',
  });
  const answer = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: {
      origin: caddy.url,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ email, password: goodPassword }),
  });
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}
