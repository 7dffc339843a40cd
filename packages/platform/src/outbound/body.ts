import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type ZlibOptions } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { OutboundError } from './error.ts';

const decoders: Readonly<Record<string, (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>>> = {
  gzip: promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<Buffer, ZlibOptions, Buffer>(inflate),
  br: promisify<Buffer, ZlibOptions, Buffer>(brotliDecompress),
};

/** What is asked for; anything else is not read. */
export const acceptedEncodings = Object.keys(decoders).join(', ');

/** Most bytes that are read, packed or unpacked, and what becomes of a longer body. */
export type BodyLimit = { maxBytes: number; beyondLimit: 'refuse' | 'cut' };

/**
 * Reads a body to its end, decompressed, holding both its sizes to the limit: a few kilobytes can unfold to gigabytes.
 *
 * @throws OutboundError answer_refused, unreachable when it breaks off
 */
export async function readBody(
  body: Dispatcher.ResponseData['body'],
  { encoding, maxBytes, beyondLimit }: BodyLimit & { encoding: string | undefined },
): Promise<Buffer<ArrayBuffer>> {
  const decode = decoderOf(encoding);
  if (beyondLimit === 'cut') return readBeginning(body, decode === null ? maxBytes : 0);
  if (decode === undefined) {
    body.destroy();
    throw new OutboundError('answer_refused', `content encoding ${encoding}`);
  }
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxBytes) throw new OutboundError('answer_refused', `more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  if (decode === null || bytes.length === 0) return bytes;
  try {
    return Buffer.from(await decode(bytes, { maxOutputLength: maxBytes }));
  } catch (cause) {
    throw new OutboundError('answer_refused', `no ${encoding} of at most ${maxBytes} bytes`, { cause });
  }
}

async function readBeginning(
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = [];
  let left = maxBytes;
  if (left > 0) {
    for await (const piece of body as AsyncIterable<Buffer>) {
      pieces.push(piece.subarray(0, left));
      left -= piece.length;
      if (left <= 0) break;
    }
  }
  body.destroy();
  return Buffer.concat(pieces);
}

/** null: none is needed; undefined: there is none. */
function decoderOf(encoding: string | undefined) {
  const name = (encoding ?? '').trim().toLowerCase();
  return name === '' || name === 'identity' ? null : decoders[name];
}
