import type { Delivery, Endpoint } from '@bulkhead/platform/webhooks/out';

/** An endpoint on one line. */
export function endpointLine(endpoint: Endpoint): string {
  const { id, url, disabledReason, failingSince, pending, dead, eventTypes } = endpoint;
  const failing = failingSince === null ? 'on' : `failing since ${failingSince.toISOString()}`;
  const state = disabledReason === null ? failing : `off (${disabledReason})`;
  return `${id}  ${url}  ${eventTypes?.join(', ') ?? 'every event'}  ${state}  ${pending} waiting, ${dead} not delivered`;
}

/** A delivery on one line. */
export function deliveryLine(delivery: Delivery): string {
  const { id, type, state, attempts, error, status, createdAt, nextAttemptAt } = delivery;
  const answer = error ?? (status === null ? 'no answer yet' : `answered ${status}`);
  const next = nextAttemptAt === null ? '' : `, next ${nextAttemptAt.toISOString()}`;
  return `${id}  ${createdAt.toISOString()}  ${type}  ${state}  ${answer} after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${next}`;
}
