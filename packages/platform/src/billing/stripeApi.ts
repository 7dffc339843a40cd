import { randomUUID } from 'node:crypto';
import { guardedFetch, type OutboundOptions } from '../outbound/index.ts';
import { StripeFormError } from './event.ts';

export type StripeApi = {
  /** Where Stripe answers; default https://api.stripe.com. */
  base: string;
  /** The secret key, sk_… or a restricted rk_…. */
  key: string;
  /** How it is reached. */
  outbound?: OutboundOptions | undefined;
};

/** Stripe refused a call, or could not be asked. `code` is Stripe's, or the outbound guard's. */
export class StripeCallError extends Error {
  override readonly name = 'StripeCallError';
  readonly code = 'stripe_refused';
  readonly status: number;

  constructor(status: number, reason: string) {
    super(`Stripe answered ${status}: ${reason}`);
    this.status = status;
  }
}

/**
 * Calls Stripe's API (docs.stripe.com/api), version pinned, no redirect followed, and a post safe to repeat.
 *
 * @param form of a post
 * @returns the answer, and Stripe's clock at it in Unix seconds
 * @throws StripeCallError, StripeFormError, OutboundError
 */
export async function callStripe(
  { base, key, outbound }: StripeApi,
  path: string,
  form?: URLSearchParams,
): Promise<{ answer: Record<string, unknown>; at: number | undefined }> {
  const response = await guardedFetch(new URL(path, base), {
    ...outbound,
    method: form === undefined ? 'GET' : 'POST',
    redirect: 'error',
    headers: {
      authorization: `Bearer ${key}`,
      'stripe-version': '2025-09-30.clover',
      ...(form === undefined
        ? {}
        : { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': randomUUID() }),
    },
    ...(form === undefined ? {} : { body: form.toString() }),
  });
  const answer = parse(await response.text());
  if (response.status !== 200) throw new StripeCallError(response.status, codeOf(answer));
  const date = Date.parse(response.headers.get('date') ?? '');
  return { answer, at: Number.isNaN(date) ? undefined : Math.floor(date / 1000) };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new StripeFormError('what Stripe answered is no JSON object');
}

/** Stripe's code of an error; its message may repeat what was sent. */
function codeOf({ error }: Record<string, unknown>): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'no code';
}
