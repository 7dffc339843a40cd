import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Knows the connections of a server, so that its end can cut off what outstays the deadline. */
export class Connections {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Accepts no more, from this very moment, and closes idle connections; resolves when the last is closed. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      // Its only error is that the server was not listening: then there is nothing to wait for.
      this.#server.close(() => resolve());
    });
  }

  /** Cuts every connection off now; returns how many there were. */
  destroy(): number {
    const count = this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
    return count;
  }

  /**
   * Runs `work`, and cuts every connection off when it takes longer than `deadline` milliseconds.
   *
   * @returns how many connections were cut off
   */
  async within(deadline: number, work: () => Promise<void>): Promise<number> {
    let cut = 0;
    const timer = setTimeout(() => {
      cut = this.destroy();
    }, deadline);
    try {
      await work();
    } finally {
      clearTimeout(timer);
    }
    return cut;
  }
}
