import type { Anchor } from './anchor.ts';
import { noteName } from './anchor.ts';
import { chainOf } from './key.ts';
import type { PutObject, PutObjectSender, S3Bucket } from './s3Bucket.ts';

type Reader = Pick<S3Bucket, 'lastKey' | 'read'>;

/** The newest note of a chain. While the bucket cannot be reached, the newest that was seen counts. */
function newest({ lastKey, read }: Reader, prefix: string): (origin: string) => Promise<string | undefined> {
  const known = new Map<string, { key: string; note: string }>();
  return async (origin) => {
    const before = known.get(origin);
    try {
      const key = await lastKey(`${prefix}${chainOf(origin)}/`, before?.key);
      if (key === undefined) return before?.note;
      const note = await read(key);
      known.set(origin, { key, note });
      return note;
    } catch (error) {
      if (before === undefined) throw error;
      return before.note;
    }
  };
}

/**
 * Keeps checkpoints in a bucket with object lock in compliance mode: until the retention ends nobody removes or replaces
 * them, the account's root user included.
 *
 * @param options `retainDays`: 1 to 36,500; `prefix`: before `<tenant>/<size>.note`; `reader`: tells what was kept, so that nothing
 *   that contradicts it is signed
 */
export function s3Anchor(options: {
  put: PutObjectSender;
  reader?: Reader;
  bucket: string;
  prefix?: string;
  retainDays: number;
  clock: () => number;
}): Anchor {
  const { put, reader, bucket, prefix = '', retainDays, clock } = options;
  return {
    name: `s3://${bucket}/${prefix}`,
    ...(reader !== undefined && { latest: newest(reader, prefix) }),
    async publish({ origin, size, note }) {
      const input: PutObject = {
        Bucket: bucket,
        Key: `${prefix}${chainOf(origin)}/${noteName(size)}`,
        Body: note,
        ContentType: 'text/plain; charset=utf-8',
        IfNoneMatch: '*',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(clock() + retainDays * 86_400_000),
        ChecksumAlgorithm: 'SHA256',
      };
      try {
        await put(input);
      } catch (error) {
        // It is there: a worker that died after sending it did so.
        if ((error as { name?: string }).name !== 'PreconditionFailed') throw error;
      }
      return '';
    },
  };
}
