import { hash } from 'node:crypto';
import { callerAddress } from '@bulkhead/platform/edge';
import type { Verdict } from '@bulkhead/platform/edge';
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
 * behind the same address throws nobody out.
 *
 * Readers behind it throw RefusalError rate_limited besides.
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
  const [blocked, known] = [new Map<string, number>(), new Map<string, number>()];
  const stop = (verdict: Verdict, from: Sender): never => {
    from.noteLimit?.(verdict);
    throw new RefusalError(tooMany(verdict));
  };
  const count = async (address: string, from: Sender): Promise<void> => {
    const verdict = await limits.limiter.take(limit, address);
    if (verdict.admitted) return;
    remember(blocked, address, clock() + verdict.resetsIn);
    stop(verdict, from);
  };
  const watched = async <Result>(
    { from, credential }: { from: Sender; credential: string },
    read: () => Promise<Result>,
  ): Promise<Result> => {
    const address = `ip ${callerAddress(from.ip)}`;
    const name = hash('sha256', credential, 'base64url');
    const resetsIn = (blocked.get(address) ?? 0) - clock();
    if (resetsIn > 0 && (known.get(name) ?? 0) <= clock()) {
      stop({ admitted: false, limit, remaining: 0, resetsIn }, from);
    }
    const result = await read().catch(async (error: unknown) => {
      if (error instanceof PlatformError && refusals.has(error.code)) await count(address, from);
      throw error;
    });
    if (result === null) await count(address, from);
    else remember(known, name, clock() + knownFor);
    return result;
  };
  return {
    authenticate: (read) => (credentials, options) => {
      const { from, cookie, authorization } = credentials;
      const credential = authorization ?? cookie;
      if (from === undefined || credential === undefined) return read(credentials, options);
      return watched({ from, credential }, () => read(credentials, options));
    },
    readProgram: (read) => (token, request) =>
      watched({ from: request, credential: token }, () => read(token, request)),
  };
}

function remember(entries: Map<string, number>, key: string, until: number): void {
  entries.delete(key);
  entries.set(key, until);
  const [oldest] = entries.keys();
  if (entries.size > capacity && oldest !== undefined) entries.delete(oldest);
}
