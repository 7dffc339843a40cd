import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on every address of this machine that counts who came. */
export type Listener = {
  port: number;
  /** Connections opened so far, whether or not anything was asked. */
  connections: () => number;
  /** Requests so far, as `GET /path`. */
  requests: IncomingMessage[];
  close: () => Promise<void>;
};

export async function openListener(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.end('inside');
  },
): Promise<Listener> {
  const requests: IncomingMessage[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
