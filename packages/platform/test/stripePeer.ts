import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StripeApi } from '../src/billing/index.ts';

type Asked = { method: string; path: string; form: URLSearchParams; authorization: string | undefined };

export type StripePeer = {
  api: StripeApi;
  /** Calls so far. */
  asked: Asked[];
  /** What is answered: by path, JSON; a number is a status. */
  answers: Record<string, object | number>;
  close(): Promise<void>;
};

/** Stands in for Stripe's API on this machine: answers what a test tells it to, with a clock of its own. */
export async function openStripePeer(clock: () => number): Promise<StripePeer> {
  const asked: Asked[] = [];
  const answers: StripePeer['answers'] = {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://peer.invalid');
      const { authorization } = request.headers;
      const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8') || url.searchParams);
      asked.push({ method: request.method ?? '', path: url.pathname, form, authorization });
      const answer = answers[url.pathname] ?? 404;
      response.statusCode = typeof answer === 'number' ? answer : 200;
      response.setHeader('date', new Date(clock()).toUTCString());
      response.end(
        JSON.stringify(typeof answer === 'number' ? { error: { code: 'refused_by_peer' } } : answer),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    api: {
      base: `http://127.0.0.1:${port}`,
      key: 'sk_test_peer',
      outbound: { http: true, privateTargets: [{ range: '127.0.0.1/32', ports: [port] }] },
    },
    asked,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
