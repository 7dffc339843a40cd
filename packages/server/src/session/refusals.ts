import { hash } from 'node:crypto';
import { callerAddress } from '@bulkhead/platform/edge';
import type { Limit, Verdict } from '@bulkhead/platform/edge';
import { PlatformError } from '@bulkhead/platform/errors';
import { tooMany } from '../limits/calls.ts';
import type { Limits } from '../limits/parts.ts';
import { RefusalError } from '../problem/refusal.ts';
import type { ReadProgram } from './apiKeys.ts';
import type { Authenticate, Sender } from './authenticate.ts';

/** Puts the limit in front of what reads credentials, of people and of programs. */
export type RefusalLimit = {
  authenticate: (read: Authenticate) => Authenticate;
  readProgram: (read: ReadProgram) => ReadProgram;
};

/** How long a credential that was good here is taken for known, in milliseconds, and how many are. */
const knownFor = 10 * 60_000;
const capacity = 10_000;

const refusals: ReadonlySet<string> = new Set(['token_refused', 'api_key_refused']);

/**
 * Limits the credentials (cookies, access tokens, API keys) that are refused to one address. Past the limit nothing that is new
 * from that address is looked up, until its window ends; what was good here lately still is, so that somebody who floods from
 * behind the same address throws nobody out. Readers behind it throw RefusalError rate_limited besides.
 */
export function createRefusalLimit({
  limits,
  clock,
}: {
  limits?: Pick<Limits, 'limiter' | 'policies'> | undefined;
  clock: () => number;
}): RefusalLimit {
  const limit = limits?.policies.refused;
  if (limits === undefined || limit === undefined) {
    return { authenticate: (read) => read, readProgram: (read) => read };
  }
  const refused = new RefusedCredentials({ limiter: limits.limiter, limit, clock });
  return {
    authenticate: (read) => (credentials, options) => {
      const { from, cookie, authorization } = credentials;
      const credential = authorization ?? cookie;
      if (from === undefined || credential === undefined) return read(credentials, options);
      return refused.watch({ from, credential }, () => read(credentials, options));
    },
    readProgram: (read) => (token, request) =>
      refused.watch({ from: request, credential: token }, () => read(token, request)),
  };
}

type Counting = { limiter: Limits['limiter']; limit: Limit; clock: () => number };

class RefusedCredentials {
  readonly #counting: Counting;
  /** Until when an address has used its limit up. */
  readonly #blocked = new Map<string, number>();
  /** Until when a credential, by its hash, is taken for known. */
  readonly #known = new Map<string, number>();

  constructor(counting: Counting) {
    this.#counting = counting;
  }

  /** What `read` finds; null and a refusal count against the address. */
  async watch<Result>(
    { from, credential }: { from: Sender; credential: string },
    read: () => Promise<Result>,
  ): Promise<Result> {
    const { limit, clock } = this.#counting;
    const address = `ip ${callerAddress(from.ip)}`;
    const name = hash('sha256', credential, 'base64url');
    const resetsIn = (this.#blocked.get(address) ?? 0) - clock();
    if (resetsIn > 0 && (this.#known.get(name) ?? 0) <= clock()) {
      stop({ admitted: false, limit, remaining: 0, resetsIn }, from);
    }
    const result = await read().catch(async (error: unknown) => {
      if (error instanceof PlatformError && refusals.has(error.code)) await this.#count(address, from);
      throw error;
    });
    if (result === null) await this.#count(address, from);
    else remember(this.#known, name, clock() + knownFor);
    return result;
  }

  async #count(address: string, from: Sender): Promise<void> {
    const { limiter, limit, clock } = this.#counting;
    const verdict = await limiter.take(limit, address);
    if (verdict.admitted) return;
    remember(this.#blocked, address, clock() + verdict.resetsIn);
    stop(verdict, from);
  }
}

function stop(verdict: Verdict, from: Sender): never {
  from.noteLimit?.(verdict);
  throw new RefusalError(tooMany(verdict));
}

function remember(entries: Map<string, number>, key: string, until: number): void {
  entries.delete(key);
  entries.set(key, until);
  const [oldest] = entries.keys();
  if (entries.size > capacity && oldest !== undefined) entries.delete(oldest);
}
