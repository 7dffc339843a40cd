import type { Anchor } from './anchor.ts';
import { noteName } from './anchor.ts';
import { chainOf } from './key.ts';

/** What `PutObjectCommand` of @aws-sdk/client-s3 takes, as far as it is used here. */
export type PutObject = {
  Bucket: string;
  Key: string;
  Body: string;
  ContentType: string;
  /** Refused when the key exists: an anchored checkpoint is never written over. */
  IfNoneMatch: '*';
  ObjectLockMode: 'COMPLIANCE';
  ObjectLockRetainUntilDate: Date;
  ChecksumAlgorithm: 'SHA256';
};

/** Sends one object, e.g. `(input) => client.send(new PutObjectCommand(input))`. @aws-sdk/client-s3 is the embedder's to bring. */
export type PutObjectSender = (input: PutObject) => Promise<unknown>;

/**
 * Keeps checkpoints in a bucket with object lock in compliance mode: until the retention ends nobody removes or replaces
 * them, the account's root user included.
 *
 * @param options `retainDays`: 1 to 36,500; `prefix`: before `<tenant>/<size>.note`
 */
export function s3Anchor(options: {
  put: PutObjectSender;
  bucket: string;
  prefix?: string;
  retainDays: number;
  clock: () => number;
}): Anchor {
  const { put, bucket, prefix = '', retainDays, clock } = options;
  return {
    name: `s3://${bucket}/${prefix}`,
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
