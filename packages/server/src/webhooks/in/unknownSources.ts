import { callerAddress, secondsOf } from '@bulkhead/platform/edge';
import type { AdmitEvent, Receipt, SignedRequest, WebhookReceiver } from '@bulkhead/platform/webhooks/in';
import type { Limits } from '../../limits/parts.ts';

export type SenderLimit = {
  receive: (from: string, source: string, request: SignedRequest) => Promise<Receipt>;
};

/** How long a source that took an event here is looked up for anybody, in milliseconds, and how many are remembered. */
const knownFor = 10 * 60_000;
const capacity = 10_000;

type Options = {
  receiver: Pick<WebhookReceiver, 'receive'>;
  limits?:
    | { limiter: Limits['limiter']; policies: Pick<Limits['policies'], 'refused' | 'webhooks'> }
    | undefined;
  clock: () => number;
};

/**
 * Limits the unknown sources that one address names: each costs a look-up, on the connections that sign-in needs too.
 * Past the limit what that address sends to a source that took nothing lately is refused unread, as 401 like all the
 * rest; a sender that shares the address with whoever floods goes on. A source's own events are limited as well, once
 * they are verified.
 */
export function createSenderLimit({ receiver, limits, clock }: Options): SenderLimit {
  const admit = admission(limits);
  const limit = limits?.policies.refused;
  if (limits === undefined || limit === undefined) {
    return { receive: (_from, source, request) => receiver.receive(source, request, admit) };
  }
  const blocked = new Map<string, number>();
  const known = new Map<string, number>();
  const count = async (address: string): Promise<void> => {
    const verdict = await limits.limiter.take(limit, address);
    if (!verdict.admitted) remember(blocked, address, clock() + verdict.resetsIn);
  };
  return {
    receive: async (from, source, request) => {
      const address = `webhook ${callerAddress(from)}`;
      const isBlocked = (blocked.get(address) ?? 0) > clock();
      if (isBlocked && (known.get(source) ?? 0) <= clock()) return { status: 401, code: 'source_unknown' };
      const receipt = await receiver.receive(source, request, admit);
      if (receipt.status === 200) remember(known, source, clock() + knownFor);
      // Not waited for: an unknown source must not take longer than a wrong signature.
      if (receipt.code === 'source_unknown') void count(address).catch(() => undefined);
      return receipt;
    },
  };
}

/** A source's events a minute, counted once they are verified. */
function admission(limits: Options['limits']): AdmitEvent | undefined {
  const limit = limits?.policies.webhooks;
  if (limits === undefined || limit === undefined) return undefined;
  return async (source) => {
    const verdict = await limits.limiter.take(limit, `source ${source}`);
    return verdict.admitted ? undefined : secondsOf(verdict.retryIn ?? verdict.resetsIn);
  };
}

function remember(map: Map<string, number>, key: string, until: number): void {
  map.delete(key);
  map.set(key, until);
  for (const oldest of map.keys()) {
    if (map.size <= capacity) return;
    map.delete(oldest);
  }
}
