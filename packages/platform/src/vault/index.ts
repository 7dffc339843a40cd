export { deriveKey } from './deriveKey.ts';
export { FieldCipher, VaultError } from './fieldCipher.ts';
export type { EncryptionKey, EncryptionKeys } from './fieldCipher.ts';
