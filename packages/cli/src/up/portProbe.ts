import { createServer } from 'node:net';
import { CommandFailure, errorCode } from '../command-line/failure.ts';

/** Turns an error of listening into a sentence that says what to do; returns others unchanged. */
export function explainListening(error: unknown, host: string, port: number): unknown {
  const code = errorCode(error);
  const free = 'Choose another with --port, for example --port 0 for any free one.';
  if (code === 'EADDRINUSE') {
    return new CommandFailure('port_taken', `Port ${port} is taken by another program.`, {
      hint: free,
      cause: error,
    });
  }
  if (code === 'EACCES') {
    return new CommandFailure('port_refused', `Port ${port} is reserved for privileged programs.`, {
      hint: 'Choose one above 1023 with --port.',
      cause: error,
    });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new CommandFailure('host_unknown', `This machine has no address ${host}.`, {
      hint: 'Name one of its own with --host, or leave it out.',
      cause: error,
    });
  }
  return error;
}

/**
 * Tries whether a port can be listened on, so that a taken one is told before anything slow begins.
 *
 * @throws CommandFailure port_taken, port_refused, host_unknown
 */
export async function probePort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    throw explainListening(error, host, port);
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
