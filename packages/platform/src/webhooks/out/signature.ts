import { createHmac } from 'node:crypto';
import type { RandomBytes } from '../../random.ts';
import type { FieldCipher } from '../../vault/index.ts';

const secretBytes = 32;

/** 256 bits for HMAC-SHA256. */
export function newSecret(randomBytes: RandomBytes): Buffer {
  return Buffer.from(randomBytes(secretBytes));
}

/** As its owner sees it, once: `whsec_` and base64 (Standard Webhooks, "Secret serialization"). */
export function writeSecret(secret: Uint8Array): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`;
}

/** The place a secret belongs to. The address is part of it: written over by whoever can write SQL, it opens no secret. */
export type SecretPlace = { tenantId: string; endpointId: string; url: string };

export function sealSecret(cipher: FieldCipher, place: SecretPlace, secret: Uint8Array): Buffer {
  return cipher.encrypt(secret, bindingOf(place));
}

/** @throws VaultError when it was not sealed by this installation for this endpoint at this address */
export function openSecret(cipher: FieldCipher, place: SecretPlace, sealed: Uint8Array): Buffer {
  return cipher.decrypt(sealed, bindingOf(place));
}

function bindingOf({ tenantId, endpointId, url }: SecretPlace): readonly string[] {
  return ['webhooks.endpoint_secret', tenantId, endpointId, url];
}

export type Outgoing = {
  /** Without a dot. */
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** The exact text that is sent. */
  body: string;
};

/**
 * The headers of a signed message (Standard Webhooks 1.0): HMAC-SHA256 over `id.seconds.body`, one signature for each
 * secret, the newest first.
 */
export function signatureHeaders(
  secrets: readonly Uint8Array[],
  { id, at, body }: Outgoing,
): { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string } {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
