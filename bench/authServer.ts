import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createServer, type Config } from '@bulkhead/server';

/** A server in a process of its own, whose memory can be asked for. */
export type AuthServer = {
  port: number;
  /** Memory of the process in MiB: as it is, and the most it was. */
  memory(): Promise<{ now: number; most: number }>;
  stop(): void;
};

const mebibyte = 1024 * 1024;

async function serve(config: Config): Promise<void> {
  const server = createServer(config, [], { logStream: { write: () => {} } });
  const { port } = await server.listen();
  process.on('message', () => {
    const most = process.resourceUsage().maxRSS / 1024;
    process.send?.({ now: process.memoryUsage.rss() / mebibyte, most });
  });
  process.send?.({ port });
}

export async function startAuthServer(config: Config): Promise<AuthServer> {
  const child = fork(fileURLToPath(import.meta.url), ['serve'], { serialization: 'advanced' });
  const answer = <Message>(): Promise<Message> =>
    new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
      child.once('message', resolve as (message: unknown) => void);
    });
  const started = answer<{ port: number }>();
  child.send(config);
  const { port } = await started;
  return {
    port,
    memory: () => {
      const told = answer<{ now: number; most: number }>();
      child.send('memory');
      return told;
    },
    stop: () => child.kill('SIGKILL'),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  process.once('disconnect', () => process.exit(0));
  process.once('message', (config) => void serve(config as Config));
}
