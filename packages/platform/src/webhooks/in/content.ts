import type { FieldCipher } from '../../vault/index.ts';

/** A stored event, as far as its content is bound to it. */
export type EventPlace = {
  id: string;
  tenantId: string | null;
  sourceId: string;
  eventId: string;
  eventType: string;
};

/** Encrypts a body, bound to its event: nothing that this server did not verify can be processed as that event. */
export function sealContent(cipher: FieldCipher, place: EventPlace, body: Uint8Array): Buffer {
  return cipher.encrypt(body, binding(place));
}

/** @throws VaultError decrypt_failed */
export function openContent(cipher: FieldCipher, place: EventPlace, content: Uint8Array): Buffer {
  return cipher.decrypt(content, binding(place));
}

function binding({ id, tenantId, sourceId, eventId, eventType }: EventPlace): string[] {
  return ['webhooks.received_event', tenantId ?? 'service', sourceId, id, eventId, eventType];
}
