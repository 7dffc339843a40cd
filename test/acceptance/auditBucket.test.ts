import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { CreateBucketCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { startGateway } from '../../packages/platform/test/radosgw.ts';
import { eventually } from '../harness/eventually.ts';
import { missing } from '../harness/index.ts';
import { bulkhead, startUp, temporaryFolder } from './command.ts';

test(
  'AUD-4 a server that is configured with a bucket anchors there, and verify reads it',
  { skip: missing('radosgw', 'ceph-mon', 'ceph-osd') },
  async (t) => {
    const gateway = await startGateway();
    t.after(() => gateway.close());
    const { endpoint, credentials } = gateway;
    const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
    const Bucket = `anchors-${randomBytes(4).toString('hex')}`;
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    const data = await temporaryFolder(t);
    const store = { BULKHEAD_AUDIT_S3_REGION: 'us-east-1', BULKHEAD_AUDIT_S3_ENDPOINT: endpoint };
    const half = { ...store, BULKHEAD_AUDIT_S3_BUCKET: Bucket };
    const refused = await bulkhead(t, ['up', '--data', data, '--port', '0'], { env: half });
    assert.match(refused.stderr, /audit\.s3RetentionDays.* is required with audit\.s3Bucket/s);
    const env = {
      ...half,
      BULKHEAD_AUDIT_S3_PREFIX: 'books/',
      BULKHEAD_AUDIT_S3_RETENTION_DAYS: '1',
      BULKHEAD_AUDIT_S3_ACCESS_KEY_ID: credentials.accessKeyId,
      BULKHEAD_AUDIT_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      BULKHEAD_AUDIT_CHECKPOINT_EVERY: '200',
    };
    await startUp(t, data, { env });
    const line = [
      'tenant',
      'create',
      '--name',
      'Quiet Copper',
      '--owner',
      'ada@fault.example',
      '--owner-name',
      'Ada',
    ];
    const made = await bulkhead(t, [...line, '--data', data, '--json'], {
      input: 'quiet copper lantern walks\n',
    });
    const { tenantId } = JSON.parse(made.stdout) as { tenantId: string };
    await eventually(
      async () => {
        const { Versions } = await client.send(
          new ListObjectVersionsCommand({ Bucket, Prefix: `books/${tenantId}/` }),
        );
        return Versions?.length;
      },
      { what: 'a note of the tenant in the bucket', within: 60_000 },
    );
    const aws = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    const verify = (anchor: string, more: Record<string, string>) =>
      bulkhead(t, ['audit', 'verify', '--anchor', anchor, '--tenant', tenantId, '--data', data], {
        env: { ...store, ...more },
      });
    const fine = await verify(`s3://${Bucket}/books`, aws);
    assert.equal(fine.code, 0, fine.stdout + fine.stderr);
    assert.match(
      fine.stdout,
      /entries hold, ([2-9]|[1-9][0-9]+) checkpoints agree/,
      'of the database and the bucket',
    );
    const stranger = await verify(`s3://${Bucket}/books`, { ...aws, AWS_SECRET_ACCESS_KEY: 'wrong' });
    assert.equal(stranger.code, 2, stranger.stdout);
    assert.equal((await verify(`s3://${Bucket}-not/books`, aws)).code, 2);
  },
);
