import { fork } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** A TCP proxy in a process of its own that holds every byte back for a while, in both directions. */
export type DelayProxy = { port: number; stop(): void };

/** @param milliseconds each way; timers make it a little longer, for every way that is compared alike */
export function startDelayProxy(
  target: { host: string; port: number },
  milliseconds: number,
): Promise<DelayProxy> {
  const child = fork(fileURLToPath(import.meta.url), [
    target.host,
    String(target.port),
    String(milliseconds),
  ]);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the delay proxy ended with ${code}`)));
    child.once('message', (port) => resolve({ port: Number(port), stop: () => child.kill('SIGKILL') }));
  });
}

function pass(from: Socket, to: Socket, milliseconds: number): void {
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), milliseconds));
  from.on('close', () => setTimeout(() => to.destroy(), milliseconds));
  from.on('error', () => to.destroy());
}

function serve(host: string, port: number, milliseconds: number): void {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true });
    pass(client, upstream, milliseconds);
    pass(upstream, client, milliseconds);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit(0));
}

const [, started, host, port, milliseconds] = process.argv;
if (started === fileURLToPath(import.meta.url) && process.send !== undefined) {
  serve(host ?? '127.0.0.1', Number(port), Number(milliseconds));
}
