import { lookup } from 'node:dns/promises';
import type { PrivateTarget } from './address.ts';

/** All addresses of a name, as text. Rejects when there are none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export type OutboundOptions = {
  /** Default: the system's resolver. */
  resolve?: Resolve;
  /** Ports of public servers. Default 443, and 80 where http is allowed. */
  ports?: readonly number[];
  /** Whether plain http may be spoken. Default false. */
  http?: boolean;
  /** Private places an operator opened for this caller. Default none. Never from a tenant's own settings. */
  privateTargets?: readonly PrivateTarget[];
  /** Certificates (PEM) trusted instead of the system's, for servers in private places. */
  authorities?: readonly string[];
  /** Most bytes of an answer's body, before and after decompression. Default 1 MiB. */
  maxBytes?: number;
  /** Redirects followed, 0 to 3. Default 3. */
  maxRedirects?: number;
  /** Milliseconds, 1 to 60,000. */
  timeouts?: Partial<OutboundTimeouts>;
};

export type OutboundTimeouts = {
  /** Everything together, redirects included. Default 10,000. */
  total: number;
  /** Resolving a name. Default 3,000. */
  resolve: number;
  /** Connecting, TLS included. Default 3,000. */
  connect: number;
  /** From the request to the answer's headers. Default 5,000. */
  headers: number;
  /** Between two pieces of the body. Default 3,000. */
  body: number;
};

/** Options with every default filled in. */
export type OutboundPolicy = Required<Omit<OutboundOptions, 'timeouts' | 'authorities'>> & {
  timeouts: OutboundTimeouts;
  authorities: readonly string[] | undefined;
};

/** Fills in the defaults. */
export function outboundPolicy(options: OutboundOptions): OutboundPolicy {
  const http = options.http ?? false;
  return {
    resolve: options.resolve ?? systemResolve,
    http,
    ports: options.ports ?? (http ? [443, 80] : [443]),
    privateTargets: options.privateTargets ?? [],
    authorities: options.authorities,
    maxBytes: options.maxBytes ?? 1024 * 1024,
    maxRedirects: Math.min(3, options.maxRedirects ?? 3),
    timeouts: { total: 10_000, resolve: 3000, connect: 3000, headers: 5000, body: 3000, ...options.timeouts },
  };
}

async function systemResolve(hostname: string): Promise<string[]> {
  const answers = await lookup(hostname, { all: true, verbatim: true });
  return answers.map(({ address }) => address);
}
