import { connect, type Socket } from 'node:net';

/**
 * A client for one request at a time over one kept connection. It does as little as possible, because what it costs
 * is paid from the same processors as what is measured.
 */
export class HttpClient {
  readonly #socket: Socket;
  readonly #request: string;
  #received = '';
  #waiting: PromiseWithResolvers<string> | undefined;

  private constructor(socket: Socket, request: string) {
    this.#socket = socket;
    this.#request = request;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
    socket.on('error', (error) => this.#waiting?.reject(error));
  }

  /** @param target.body given: it is posted as JSON */
  static open(
    port: number,
    target: { path: string; headers: Record<string, string>; body?: object },
  ): Promise<HttpClient> {
    const body = target.body === undefined ? '' : JSON.stringify(target.body);
    const posted = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const headers = Object.entries({
      host: `127.0.0.1:${port}`,
      ...target.headers,
      ...(body === '' ? {} : posted),
    });
    const method = body === '' ? 'GET' : 'POST';
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        resolve(new HttpClient(socket, `${method} ${target.path} HTTP/1.1\r\n${lines}\r\n${body}`));
      });
      socket.setNoDelay(true);
      socket.once('error', reject);
    });
  }

  /** Sends the request once. @returns the body of a 200; anything else throws */
  async get(): Promise<string> {
    if (this.#socket.destroyed) throw new Error('the server closed the connection');
    this.#waiting = Promise.withResolvers();
    this.#socket.write(this.#request);
    return await this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: *(\d+)/i.exec(this.#received.slice(0, head))?.[1]);
    if (this.#received.length < head + 4 + length) return;
    const answer = this.#received;
    this.#received = '';
    if (answer.startsWith('HTTP/1.1 200')) this.#waiting?.resolve(answer.slice(head + 4));
    else this.#waiting?.reject(new Error(`answered ${answer}`));
  }
}
