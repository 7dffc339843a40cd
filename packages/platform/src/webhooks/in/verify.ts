import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readSignature } from './signature.ts';
import { signatureWindow } from './source.ts';
import type { Signature, SignedRequest, WebhookSource } from './source.ts';

/** A request that its source signed. */
export type VerifiedEvent = {
  /** The sender's id, or a digest of the body; visible ASCII, at most 255 characters. */
  eventId: string;
  /** Visible ASCII, at most 200 characters. */
  eventType: string;
  /** The parsed body: a JSON object. */
  payload: Record<string, unknown>;
  /** Whether the signature names a time, and so is worthless when the window has passed. */
  timed: boolean;
};

/** Why a request was not accepted: for the log, never for the sender. */
export type VerificationFailure =
  | 'signature_missing'
  | 'signature_wrong'
  | 'outside_window'
  | 'body_unusable';

export type Verification = { event: VerifiedEvent } | { failure: VerificationFailure };

/**
 * Verifies that a source signed these bytes within the window, 300 seconds in both directions (T-50). Every secret is
 * tried against every signature, each compared whole and in constant time (T-51), whatever was found before.
 *
 * @param now Unix milliseconds
 */
export function verifyRequest(source: WebhookSource, request: SignedRequest, now: number): Verification {
  const signature = readSignature(source, request);
  if (signature === undefined) return { failure: 'signature_missing' };
  if (!isSigned(source, { signature, body: request.body, now })) return { failure: 'signature_wrong' };
  const { timestamp } = signature;
  if (timestamp !== undefined && Math.abs(now - timestamp * 1000) > signatureWindow * 1000) {
    return { failure: 'outside_window' };
  }
  const event = readEvent(source, signature, request.body);
  return event === undefined ? { failure: 'body_unusable' } : { event };
}

type SignedBytes = { signature: Signature; body: Uint8Array; now: number };

function isSigned({ secrets }: WebhookSource, { signature, body, now }: SignedBytes): boolean {
  const candidates = signature.candidates.map((text) => Buffer.from(text, 'utf8'));
  let found = 0;
  for (const { key, expiresAt } of secrets) {
    const mac = createHmac('sha256', key).update(signature.before).update(body).digest(signature.encoding);
    const expected = Buffer.from(mac, 'utf8');
    const inForce = expiresAt === null || now < expiresAt ? 1 : 0;
    for (const candidate of candidates) {
      // The written form is compared: no second spelling of the same bytes passes, and none of another length.
      const equal = candidate.length === expected.length && timingSafeEqual(candidate, expected);
      found |= inForce & (equal ? 1 : 0);
    }
  }
  return found === 1;
}

const visible = /^[!-~]+$/;

function readEvent(
  { scheme, settings }: WebhookSource,
  { id, timestamp }: Signature,
  body: Uint8Array,
): VerifiedEvent | undefined {
  const payload = parseObject(body);
  if (payload === undefined) return undefined;
  const timed = timestamp !== undefined;
  if (scheme === 'stripe')
    return checked({ eventId: payload['id'], eventType: payload['type'], payload, timed });
  if (scheme !== 'generic') {
    return checked({ eventId: id, eventType: member(payload, 'type') ?? 'event', payload, timed });
  }
  const { idField, typeField } = settings ?? {};
  return checked({
    // A header with an id is not signed: whoever replays the body could write another into it.
    eventId: idField === undefined ? digest(body) : member(payload, idField),
    eventType: typeField === undefined ? 'event' : member(payload, typeField),
    payload,
    timed,
  });
}

function checked({ eventId, eventType, payload, timed }: Unchecked): VerifiedEvent | undefined {
  if (typeof eventId !== 'string' || eventId.length > 255 || !visible.test(eventId)) return undefined;
  if (typeof eventType !== 'string' || eventType.length > 200 || !visible.test(eventType)) return undefined;
  return { eventId, eventType, payload, timed };
}

type Unchecked = {
  eventId: unknown;
  eventType: unknown;
  payload: Record<string, unknown>;
  timed: boolean;
};

function member(payload: Record<string, unknown>, name: string): string | undefined {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function digest(body: Uint8Array): string {
  return `sha256-${createHash('sha256').update(body).digest('hex')}`;
}
