import type { Clock } from '../../clock.ts';
import { guardedFetch, OutboundError, type OutboundOptions } from '../../outbound/index.ts';
import { excerpt } from './excerpt.ts';
import { readRetryAfter, type CallResult } from './retry.ts';
import { signatureHeaders, type Outgoing } from './signature.ts';

/** What of an answer is read; the rest is left with whoever sent it. */
const maxBytes = 4096;
const timeouts = { total: 10_000, headers: 10_000 };

/** One signed message, and where it goes. */
export type Call = {
  url: string;
  /** The newest first. */
  secrets: readonly Uint8Array[];
  message: Outgoing;
};

/** Posts a message through the outbound guard. Follows no redirect; anything but 2xx is a failure. Never throws. */
export async function call(
  { url, secrets, message }: Call,
  { clock, outbound, signal }: { clock: Clock; outbound: OutboundOptions; signal?: AbortSignal },
): Promise<CallResult> {
  try {
    const answer = await guardedFetch(url, {
      ...outbound,
      maxBytes,
      timeouts: { ...timeouts, ...outbound.timeouts },
      method: 'POST',
      redirect: 'manual',
      beyondLimit: 'cut',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Bulkhead-Webhooks/1',
        'accept-encoding': 'identity',
        ...signatureHeaders(secrets, message),
      },
      body: message.body,
      ...(signal === undefined ? {} : { signal }),
    });
    const { status } = answer;
    const error = status >= 200 && status < 300 ? null : `status_${status}`;
    const retryAfter = readRetryAfter(answer.headers.get('retry-after'), clock());
    return { status, error, answer: excerpt(await answer.text()), retryAfter };
  } catch (cause) {
    // The reason would tell what lies inside; the code is all its owner learns.
    const error = cause instanceof OutboundError ? cause.code : 'unsendable';
    return { status: null, error, answer: null, retryAfter: null };
  }
}
