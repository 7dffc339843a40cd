/** Signed notes, checkpoints and cosignatures (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature), with Ed25519. */
import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

/** 0x01: plain signature of a log. 0x04: timestamped cosignature of a witness. */
export type SignatureType = 0x01 | 0x04;

/** A public key that signatures are checked with. */
export type Verifier = {
  /** Without spaces and plus signs; the log's origin, or the witness's name. */
  readonly name: string;
  readonly type: SignatureType;
  /** First four bytes of SHA-256 over name, line feed, type, key. */
  readonly id: Buffer;
  readonly key: KeyObject;
};

/** A checkpoint whose form is right; whether its signatures are is for `signaturesOf`. */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Buffer };

/** One signature line of a note: `blob` is the signature after the key id. */
export type SignatureLine = { readonly name: string; readonly id: Buffer; readonly blob: Buffer };

export type Note = { readonly text: string; readonly signatures: readonly SignatureLine[] };

/** A signature that was found right. `time` is Unix seconds, of a cosignature only. */
export type Signature = { readonly name: string; readonly type: SignatureType; readonly time?: number };

/** A note or key that has not the form its specification asks for. */
export class NoteError extends Error {
  override readonly name = 'NoteError';
}

const canonicalBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

function keyId(name: string, type: SignatureType, key: Buffer): Buffer {
  return hash(
    'sha256',
    Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), key]),
    'buffer',
  ).subarray(0, 4);
}

/** The 32 bytes of an Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  return createPublicKey(key.export({ type: 'pkcs8', format: 'pem' }))
    .export({ type: 'spki', format: 'der' })
    .subarray(12);
}

/** @throws {NoteError} when the name has a space, a plus sign or a control character */
export function verifierOf(name: string, type: SignatureType, key: Buffer): Verifier {
  if (!/^[^\s+\p{Cc}]+$/u.test(name)) throw new NoteError(`"${name}" cannot name a key`);
  const spki = { key: Buffer.concat([spkiPrefix, key]), format: 'der', type: 'spki' } as const;
  return { name, type, id: keyId(name, type, key), key: createPublicKey(spki) };
}

/** The key as one line, as golang.org/x/mod/sumdb/note reads it: `name+hash+base64`. */
export function formatVerifier({ name, type, id, key }: Verifier): string {
  const raw = key.export({ type: 'spki', format: 'der' }).subarray(12);
  return `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.from([type]), raw]).toString('base64')}`;
}

/** @throws {NoteError} when the line is not a verifier key of type 0x01 or 0x04 */
export function parseVerifier(line: string): Verifier {
  const [, name = '', id = '', encoded = ''] =
    /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line.trim()) ?? [];
  const bytes = canonicalBase64(encoded);
  const type = bytes?.[0];
  if (bytes?.length !== 33 || (type !== 0x01 && type !== 0x04))
    throw new NoteError('this is no verifier key');
  const verifier = verifierOf(name, type, bytes.subarray(1));
  if (verifier.id.toString('hex') !== id) throw new NoteError(`the key's id is not the one of ${name}`);
  return verifier;
}

/** A checkpoint's text, which is what is signed. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** @throws {NoteError} when the text is no checkpoint without extension lines */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n');
  const bytes = canonicalBase64(root);
  if (origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(size) || bytes?.length !== 32 || rest.join() !== '') {
    throw new NoteError('this is no checkpoint');
  }
  return { origin, size: Number(size), root: bytes };
}

/** @throws {NoteError} when it is not text, blank line, signature lines */
export function parseNote(note: string): Note {
  const at = note.lastIndexOf('\n\n');
  const lines = note.slice(at + 2).split('\n');
  // oxlint-disable-next-line no-control-regex
  if (
    at < 1 ||
    note.length > 1_000_000 ||
    lines.pop() !== '' ||
    lines.length > 100 ||
    /[\u0000-\u0009\u000b-\u001f]/.test(note)
  ) {
    throw new NoteError('this is no signed note');
  }
  const signatures = lines.map((line) => {
    const [, name = '', encoded = ''] = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
    const bytes = canonicalBase64(encoded);
    if (bytes === undefined || bytes.length < 5) throw new NoteError('a signature line is malformed');
    return { name, id: bytes.subarray(0, 4), blob: bytes.subarray(4) };
  });
  return { text: note.slice(0, at + 1), signatures };
}

const cosigned = (text: string, time: bigint): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);

const line = ({ name, id }: Verifier, blob: Buffer): string =>
  `— ${name} ${Buffer.concat([id, blob]).toString('base64')}\n`;

/** A log's signature line over a text that ends in a line feed. */
export function signatureLine(text: string, signer: { verifier: Verifier; secret: KeyObject }): string {
  return line(signer.verifier, sign(null, Buffer.from(text), signer.secret));
}

/** A witness's cosignature line. @param time Unix seconds */
export function cosignatureLine(
  text: string,
  signer: { verifier: Verifier; secret: KeyObject },
  time: number,
): string {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  const signature = sign(null, cosigned(text, BigInt(time)), signer.secret);
  return line(signer.verifier, Buffer.concat([stamp, signature]));
}

function check(text: string, { blob }: SignatureLine, verifier: Verifier): Signature | undefined {
  const { name, type, key } = verifier;
  if (type === 0x01) {
    return verify(null, Buffer.from(text), key, blob) ? { name, type } : undefined;
  }
  if (blob.length !== 72) return undefined;
  const time = blob.readBigUInt64BE();
  return verify(null, cosigned(text, time), key, blob.subarray(8))
    ? { name, type, time: Number(time) }
    : undefined;
}

/**
 * The signatures of a note by these keys. Lines of other keys are ignored, as the specification asks.
 *
 * @throws {NoteError} when a signature of one of these keys is wrong
 */
export function signaturesOf({ text, signatures }: Note, verifiers: readonly Verifier[]): Signature[] {
  const found: Signature[] = [];
  for (const signature of signatures) {
    const verifier = verifiers.find(({ name, id }) => name === signature.name && id.equals(signature.id));
    if (verifier === undefined) continue;
    const right = check(text, signature, verifier);
    if (right === undefined) throw new NoteError(`the signature of ${signature.name} is wrong`);
    found.push(right);
  }
  return found;
}
