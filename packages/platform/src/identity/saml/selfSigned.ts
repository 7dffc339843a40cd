import { createPublicKey, sign, type KeyObject } from 'node:crypto';

/**
 * A self-signed X.509 v3 certificate (RFC 5280) for an RSA key, SHA-256, DER. Node can read certificates but not make
 * one, and metadata needs no more of it than an envelope around the public key: nobody verifies its chain or name.
 *
 * @param options.serial 16 bytes
 * @param options.name common name, printable ASCII without quotes
 */
export function selfSignedCertificate(
  privateKey: KeyObject,
  options: { name: string; notBefore: Date; notAfter: Date; serial: Uint8Array },
): Buffer {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const name = sequence(set(sequence(oid(commonName), tagged(0x0c, Buffer.from(options.name, 'utf8')))));
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(Buffer.from(options.serial)),
    sha256WithRsa,
    name,
    sequence(time(options.notBefore), time(options.notAfter)),
    name,
    publicKey,
  );
  const signature = sign('sha256', body, privateKey);
  return sequence(body, sha256WithRsa, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
}

const commonName = [0x55, 0x04, 0x03];
const sha256WithRsa = sequence(
  oid([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]),
  tagged(0x05, Buffer.alloc(0)),
);

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = length < 0x100 ? Buffer.of(length) : Buffer.of(length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag, 0x80 | size.length), size, content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts));
}

function oid(bytes: readonly number[]): Buffer {
  return tagged(0x06, Buffer.from(bytes));
}

/** Positive, and without a leading zero that is not needed. */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? Buffer.of(0) : bytes.subarray(first);
  const isNegative = digits.readUInt8(0) >= 0x80;
  return tagged(0x02, isNegative ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, section 4.1.2.5). */
function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : tagged(0x18, Buffer.from(digits, 'ascii'));
}
