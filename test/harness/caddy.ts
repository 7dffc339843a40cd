import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { findComponent } from './components.ts';
import { eventually } from './eventually.ts';

/** The configuration that is shipped. */
const caddyfile = fileURLToPath(new URL('../../deploy/caddy/Caddyfile', import.meta.url));

export type CaddyPorts = { http: number; https: number };

export type Caddy = {
  ports: CaddyPorts;
  /** `https://localhost:41234` */
  url: string;
  /** PEM of the authority that signed its certificate. */
  authority: string;
  /** Where that PEM is. */
  authorityFile: string;
  /** What it wrote so far, line by line. */
  log: string[];
  stop: () => Promise<void>;
};

/** Two ports that nobody listens on. */
export async function freePorts(): Promise<CaddyPorts> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { http: ports[0] ?? 0, https: ports[1] ?? 0 };
}

export type CaddyOptions = {
  /** Port of the server behind it. */
  upstream: number;
  ports: CaddyPorts;
  /** e.g. `2s`; default: the Caddyfile's. */
  headerTimeout?: string | undefined;
};

/** Debian's Caddy with the shipped Caddyfile, for `localhost`, its certificate from an authority of its own. */
export async function startCaddy(options: CaddyOptions): Promise<Caddy> {
  const { ports } = options;
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-caddy-'));
  const log: string[] = [];
  const child = run(folder, options);
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const stop = async () => {
    await ended(child);
    await rm(folder, { recursive: true });
  };
  const authorityFile = join(folder, 'caddy/pki/authorities/local/root.crt');
  try {
    const authority = await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`caddy ended: ${log.join('\n')}`);
        const pem = await readFile(authorityFile, 'utf8').catch(() => undefined);
        return pem !== undefined && (await answers(ports.https, pem)) ? pem : undefined;
      },
      { what: 'Caddy to serve with its certificate' },
    );
    return { ports, url: `https://localhost:${ports.https}`, authority, authorityFile, log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function run(
  folder: string,
  { upstream, ports, headerTimeout }: CaddyOptions,
): ChildProcessByStdio<null, null, Readable> {
  const program = findComponent('caddy') ?? 'caddy';
  return spawn(program, ['run', '--adapter', 'caddyfile', '--config', caddyfile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_DATA_HOME: folder,
      XDG_CONFIG_HOME: folder,
      BULKHEAD_SITE: 'localhost',
      BULKHEAD_TLS: 'internal',
      BULKHEAD_UPSTREAM: `127.0.0.1:${upstream}`,
      BULKHEAD_HTTP_PORT: String(ports.http),
      BULKHEAD_HTTPS_PORT: String(ports.https),
      ...(headerTimeout === undefined ? {} : { BULKHEAD_HEADER_TIMEOUT: headerTimeout }),
    },
  });
}

function answers(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, servername: 'localhost', ca, path: '/healthz' },
      (response) => {
        response.resume();
        resolve(true);
      },
    );
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
