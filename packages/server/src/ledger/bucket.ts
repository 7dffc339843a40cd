import { openS3Bucket, s3Anchor, type Anchor } from '@bulkhead/platform/audit/ledger';
import type { Config } from '../config/schema.ts';

/**
 * The configured bucket as an anchor; none without `audit.s3Bucket`.
 *
 * @throws {S3ClientMissing} when it is configured and its client is not installed
 */
export function bucketAnchors(audit: Config['audit']): Anchor[] {
  const { s3Bucket, s3Prefix: prefix, s3Region, s3Endpoint, s3RetentionDays } = audit;
  const { s3AccessKeyId: accessKeyId, s3SecretAccessKey: secretAccessKey } = audit;
  if (s3Bucket === undefined || s3RetentionDays === undefined) return [];
  const bucket = openS3Bucket({
    bucket: s3Bucket,
    prefix,
    ...(s3Region !== undefined && { region: s3Region }),
    ...(s3Endpoint !== undefined && { endpoint: s3Endpoint }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
  });
  const options = { bucket: s3Bucket, prefix, retainDays: s3RetentionDays, clock: Date.now };
  return [s3Anchor({ put: bucket.put, reader: bucket, ...options })];
}
