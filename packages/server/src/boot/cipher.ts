import { FieldCipher } from '@bulkhead/platform/vault';
import type { Config } from '../config/schema.ts';

/** The cipher of the configured encryption keys. */
export function createCipher({ keyId, key, previousKeyId, previousKey }: Config['encryption']): FieldCipher {
  const previous =
    previousKeyId === undefined || previousKey === undefined
      ? undefined
      : { id: previousKeyId, secret: previousKey };
  return new FieldCipher({ current: { id: keyId, secret: key }, previous });
}
