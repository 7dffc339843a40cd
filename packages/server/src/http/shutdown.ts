import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Knows the connections of a server, so that its end can cut off what outstays the deadline. */
export class Connections {
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
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
