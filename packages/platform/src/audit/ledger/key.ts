import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto';
import { formatVerifier, parseVerifier, verifierOf, type Verifier } from './note.ts';

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Who an installation's checkpoints are signed by: its name, its key, and the keys it had before. */
export type AuditIdentity = {
  /** Begins every origin: `<name>/audit/<tenant>`. */
  readonly name: string;
  readonly secret: KeyObject;
  /** The key and those before it, newest first, by the name `<name>/audit`. */
  readonly keys: readonly Verifier[];
};

/** An Ed25519 private key from its 32 secret bytes (RFC 8032 section 5.1.5). */
export function secretKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
}

const rawKey = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' }).subarray(12);

/**
 * @param options `seed`: 32 secret bytes; `name`: by default made from the oldest key, so that rotation keeps it;
 * `previous`: verifier keys as `formatKeys` prints them, newest first
 * @throws {NoteError} when the name or a previous key is malformed
 */
export function auditIdentity(options: {
  seed: Uint8Array;
  name?: string;
  previous?: readonly string[];
}): AuditIdentity {
  const secret = secretKey(options.seed);
  const previous = (options.previous ?? []).map((line) => rawKey(parseVerifier(line).key));
  const raws = [rawKey(createPublicKey(secret)), ...previous];
  const oldest = raws.at(-1) ?? Buffer.alloc(0);
  const name = options.name ?? `bulkhead-${hash('sha256', oldest).slice(0, 12)}`;
  return { name, secret, keys: raws.map((raw) => verifierOf(`${name}/audit`, 0x01, raw)) };
}

/** The origin of a chain's checkpoints. `chain` is the tenant, or the nil UUID. */
export function originOf({ name }: Pick<AuditIdentity, 'name'>, chain: string): string {
  return `${name}/audit/${chain}`;
}

/** The chain in an origin of that form; undefined in any other. */
export function chainOf(origin: string): string | undefined {
  return /\/audit\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(origin)?.[1];
}

/** The keys as published: one line each, newest first. */
export function formatKeys({ keys }: Pick<AuditIdentity, 'keys'>): string[] {
  return keys.map(formatVerifier);
}

/**
 * The keys by which a chain's checkpoints are checked. A key `<name>/audit` serves every origin below it: each chain signs
 * under its own name, as tlog-checkpoint asks, with the installation's key.
 */
export function verifiersFor(keys: readonly Verifier[], origin: string): Verifier[] {
  return keys
    .filter(({ name, type }) => type === 0x01 && (origin === name || origin.startsWith(`${name}/`)))
    .map(({ key }) => verifierOf(origin, 0x01, rawKey(key)));
}
