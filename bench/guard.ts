import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { guardedFetch } from '../packages/platform/src/outbound/index.ts';

/**
 * What the outbound guard adds to a call, in microseconds: medians of guarded and bare calls made in turn to one local
 * server, both with a connection of their own. A second figure takes a bare client that keeps its connection, so that
 * it also holds what not sharing connections costs.
 */
export async function guardOverhead({
  quick,
  progress,
}: {
  quick: boolean;
  progress: (line: string) => void;
}): Promise<{ guard_overhead_us: number; guard_unshared_us: number }> {
  const peer = createServer((incoming, response) => {
    incoming.resume();
    response.end('taken');
  });
  await new Promise<void>((resolve) => {
    peer.listen(0, '127.0.0.1', () => resolve());
  });
  const { port } = peer.address() as AddressInfo;
  const kept = new Agent({ pipelining: 1 });
  try {
    const calls = {
      guarded: () => guarded(port),
      bare: () => bare(port),
      kept: () => post(port, kept),
    };
    const { medians, count } = await inTurn(calls, quick ? 100 : 4000);
    progress(
      `${count} calls each: ${medians.guarded.toFixed(0)} µs guarded, ${medians.bare.toFixed(0)} bare, ${medians.kept.toFixed(0)} over a kept connection`,
    );
    return {
      guard_overhead_us: Math.round(medians.guarded - medians.bare),
      guard_unshared_us: Math.round(medians.guarded - medians.kept),
    };
  } finally {
    await kept.close();
    peer.closeAllConnections();
    await new Promise((resolve) => {
      peer.close(resolve);
    });
  }
}

const host = 'hooks.example.com';
const body = JSON.stringify({ type: 'books.invoice.submitted', data: { id: 'x'.repeat(400) } });

async function guarded(port: number): Promise<void> {
  const answer = await guardedFetch(`http://${host}:${port}/`, {
    method: 'POST',
    body,
    http: true,
    resolve: () => Promise.resolve(['127.0.0.1']),
    privateTargets: [{ range: '127.0.0.1/32', ports: [port] }],
  });
  await answer.text();
}

/** The same without the guard: a dispatcher and a connection for one call, the name already resolved. */
async function bare(port: number): Promise<void> {
  const agent = new Agent({ pipelining: 1 });
  await post(port, agent);
  await agent.destroy();
}

async function post(port: number, dispatcher: Agent): Promise<void> {
  const { body: answer } = await request(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { host: `${host}:${port}`, 'accept-encoding': 'identity' },
    body,
    dispatcher,
  });
  await answer.text();
}

type Calls = Readonly<Record<'guarded' | 'bare' | 'kept', () => Promise<void>>>;

/** Medians in microseconds; the first tenth warms up. */
async function inTurn(
  calls: Calls,
  count: number,
): Promise<{ medians: Record<keyof Calls, number>; count: number }> {
  const times: Record<keyof Calls, number[]> = { guarded: [], bare: [], kept: [] };
  const kinds = ['guarded', 'bare', 'kept'] as const;
  for (let index = 0; index < count; index += 1) {
    for (const kind of kinds) {
      const start = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- in turn, so that all meet the same machine
      await calls[kind]();
      if (index >= count / 10) times[kind].push((performance.now() - start) * 1000);
    }
  }
  const medians = { guarded: median(times.guarded), bare: median(times.bare), kept: median(times.kept) };
  return { medians, count };
}

function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
