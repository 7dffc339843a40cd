import { randomBytes } from 'node:crypto';
import { FieldCipher } from '../../packages/platform/src/vault/index.ts';

/** A field cipher with a key of its own. */
export function testCipher(): FieldCipher {
  return new FieldCipher({ current: { id: randomBytes(4).toString('hex'), secret: randomBytes(32) } });
}
