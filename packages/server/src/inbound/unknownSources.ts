import { callerAddress } from '@bulkhead/platform/edge';
import type { Receipt, SignedRequest, WebhookReceiver } from '@bulkhead/platform/webhooks/in';
import type { Limits } from '../limits/parts.ts';

export type SenderLimit = {
  receive: (from: string, source: string, request: SignedRequest) => Promise<Receipt>;
};

/** How long a source that took an event here is looked up for anybody, in milliseconds, and how many are remembered. */
const knownFor = 10 * 60_000;
const capacity = 10_000;

type Options = {
  receiver: Pick<WebhookReceiver, 'receive'>;
  limits?: { limiter: Limits['limiter']; policies: Pick<Limits['policies'], 'refused'> } | undefined;
  clock: () => number;
};

/**
 * Limits the unknown sources that one address names: each costs a look-up, on the connections that sign-in needs too.
 * Past the limit what that address sends to a source that took nothing lately is refused unread, as 401 like all the
 * rest; a sender that shares the address with whoever floods goes on.
 */
export function createSenderLimit({ receiver, limits, clock }: Options): SenderLimit {
  const limit = limits?.policies.refused;
  if (limits === undefined || limit === undefined) {
    return { receive: (_from, source, request) => receiver.receive(source, request) };
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
      const receipt = await receiver.receive(source, request);
      if (receipt.status === 200) remember(known, source, clock() + knownFor);
      // Not waited for: an unknown source must not take longer than a wrong signature.
      if (receipt.code === 'source_unknown') void count(address).catch(() => undefined);
      return receipt;
    },
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
