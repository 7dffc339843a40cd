import { connect as connectPlain } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { EdgeWorld, Way } from './world.ts';

/** Sends bytes as they are, and reads until the other side has closed. */
export function exchange(way: Way, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const at = { host: '127.0.0.1', port: way.port };
    const socket =
      way.authority === undefined
        ? connectPlain(at)
        : connectSecure({ ...at, ca: way.authority, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    // A connection that is reset has been answered as well: by its end.
    socket.on('error', () => {});
    socket.once('close', () => resolve(text));
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

/** The status of each answer in what came back; none: the connection was closed without one. */
export function statusesIn(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status));
}

/** How often a route was asked for, as the server's log has it and as Caddy's has it. */
export function countRequests(
  { server, caddy }: EdgeWorld,
  { route, uri }: { route: string; uri: string },
): { server: number; caddy: number } {
  const asked = `"route":"${route}"`;
  return {
    server: server.log.filter((line) => line.includes(asked)).length,
    caddy: caddy.log.filter((line) => line.includes(`"uri":"${uri}"`)).length,
  };
}
