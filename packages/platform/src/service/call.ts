import { createHash, hash } from 'node:crypto';

/** An HTTP request, as far as a token is bound to it. */
export type ServiceCall = {
  /** As sent, upper case: `POST`. */
  method: string;
  /** Path and query exactly as on the request line: `/orders/7?full=1`. */
  target: string;
  /** The body's bytes as sent, before any decoding. Default none. */
  body?: Uint8Array | string | undefined;
};

/** SHA-256 over method, target and SHA-256 of the body, each length-prefixed; 64 lower-case hex digits. */
export function digestOfCall({ method, target, body = '' }: ServiceCall): string {
  return digestOfRequest({ method, target, bodyDigest: hash('sha256', body, 'buffer') });
}

/** The same for a body whose SHA-256 is known already. */
export function digestOfRequest(request: { method: string; target: string; bodyDigest: Uint8Array }): string {
  const digest = createHash('sha256');
  for (const part of [Buffer.from(request.method), Buffer.from(request.target), request.bodyDigest]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    digest.update(length).update(part);
  }
  return digest.digest('hex');
}
