import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { AddressInfo } from 'node:net';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { missing } from '../../../../../test/harness/components.ts';
import { startGateway, type Gateway } from '../../../test/radosgw.ts';
import { noteName } from './anchor.ts';
import { s3Anchor } from './s3Anchor.ts';
import { openS3Bucket, parseS3Address, type S3Bucket } from './s3Bucket.ts';

const chain = '00000000-0000-4000-8000-000000000001';
const origin = `books.example.com/audit/${chain}`;
const prove = async (): Promise<Buffer[]> => [];
const day = 86_400_000;

const anchorIn = (bucket: S3Bucket, name: string) =>
  s3Anchor({ put: bucket.put, reader: bucket, bucket: name, prefix: 'p/', retainDays: 2, clock: Date.now });

test('AUD-4 addresses of buckets', () => {
  assert.deepEqual(parseS3Address('s3://anchors'), { bucket: 'anchors', prefix: '' });
  assert.deepEqual(parseS3Address('s3://anchors/a/b'), { bucket: 'anchors', prefix: 'a/b/' });
  for (const other of ['/mnt/anchors', 's3:/anchors/a', 's3://A', 'https://anchors']) {
    assert.equal(parseS3Address(other), undefined);
  }
});

test('AUD-4 the signed request asks for the lock, for no overwriting, and carries its checksum', async (t) => {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const bucket = openS3Bucket({
    bucket: 'anchors',
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  });
  const anchor = s3Anchor({ put: bucket.put, bucket: 'anchors', retainDays: 2, clock: () => 0 });
  await anchor.publish({ origin, size: 1, note: 'note' }, prove);
  const headers = seen[0] ?? {};
  assert.equal(headers['x-amz-object-lock-mode'], 'COMPLIANCE');
  assert.equal(headers['x-amz-object-lock-retain-until-date'], '1970-01-03T00:00:00Z');
  assert.equal(headers['if-none-match'], '*');
  assert.equal(headers['x-amz-checksum-sha256'], createHash('sha256').update('note').digest('base64'));
  const signed = /SignedHeaders=([^,]+)/.exec(headers['authorization'] ?? '')?.[1]?.split(';') ?? [];
  for (const name of [
    'x-amz-object-lock-mode',
    'x-amz-object-lock-retain-until-date',
    'x-amz-checksum-sha256',
  ])
    assert.ok(signed.includes(name), `${name} is signed`);
});

describe(
  'AUD-4 a bucket with object lock at a Ceph gateway',
  { skip: missing('radosgw', 'ceph-mon', 'ceph-osd') },
  () => {
    let gateway: Gateway;
    let client: S3Client;
    const name = `anchors-${randomBytes(4).toString('hex')}`;
    let bucket: S3Bucket;

    before(async () => {
      gateway = await startGateway();
      const { endpoint, credentials } = gateway;
      client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));
      bucket = openS3Bucket({ bucket: name, prefix: 'p/', region: 'us-east-1', endpoint, credentials });
    });
    after(() => gateway?.close());

    const notes = async (from = bucket): Promise<string[]> =>
      (await Array.fromAsync(from.notes())).map(({ note }) => note).toSorted();

    test('keeps a checkpoint once, locked, and tells the newest', async () => {
      const anchor = anchorIn(bucket, name);
      assert.equal(await anchor.latest?.(origin), undefined);
      for (const size of [9, 10, 100]) {
        await anchor.publish({ origin, size, note: `of ${size}` }, prove);
        assert.equal(await anchor.latest?.(origin), `of ${size}`);
      }
      await anchor.publish({ origin, size: 100, note: 'another' }, prove);
      // Ceph 16 does not heed If-None-Match in a bucket with versions: the first one stays beside the second.
      assert.deepEqual(await notes(), ['another', 'of 10', 'of 100', 'of 9']);
      const Key = `p/${chain}/${noteName(9)}`;
      const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket: name, Key }));
      assert.equal(Retention?.Mode, 'COMPLIANCE');
      const kept = (Retention?.RetainUntilDate?.getTime() ?? 0) - Date.now();
      assert.ok(kept > day && kept <= 2 * day, `locked for ${kept} ms`);
    });

    test('T-67 a marker of deletion or a newer version hides nothing; the locked version stays', async () => {
      const Key = `p/${chain}/${noteName(500)}`;
      await anchorIn(bucket, name).publish({ origin, size: 500, note: 'of 500' }, prove);
      const over = await client.send(new PutObjectCommand({ Bucket: name, Key, Body: 'forged' }));
      assert.ok(over.VersionId);
      await client.send(new DeleteObjectCommand({ Bucket: name, Key }));
      const found = await notes();
      assert.ok(found.includes('of 500') && found.includes('forged'));
      await anchorIn(bucket, name).publish({ origin, size: 501, note: 'of 501' }, prove);
      const version = await lockedVersion(client, name, `p/${chain}/${noteName(501)}`);
      await assert.rejects(
        client.send(
          new DeleteObjectCommand({ Bucket: name, Key: `p/${chain}/${noteName(501)}`, VersionId: version }),
        ),
        { name: 'AccessDenied' },
      );
    });

    test('what cannot be reached is an error, unless the newest was seen', async () => {
      const credentials = { ...gateway.credentials, secretAccessKey: 'wrong' };
      const stranger = openS3Bucket({
        bucket: name,
        region: 'us-east-1',
        endpoint: gateway.endpoint,
        credentials,
      });
      await assert.rejects(notes(stranger), { name: 'SignatureDoesNotMatch' });
      await assert.rejects(anchorIn(stranger, name).publish({ origin, size: 700, note: '' }, prove), {
        name: 'SignatureDoesNotMatch',
      });
      await assert.rejects(async () => anchorIn(stranger, name).latest?.(origin), {
        name: 'SignatureDoesNotMatch',
      });
      let down = false;
      const shaky = {
        ...bucket,
        lastKey: (...given: Parameters<S3Bucket['lastKey']>) =>
          down ? Promise.reject(new Error('down')) : bucket.lastKey(...given),
      };
      const anchor = anchorIn(shaky, name);
      const seen = await anchor.latest?.(origin);
      down = true;
      assert.equal(await anchor.latest?.(origin), seen);
    });
  },
);

async function lockedVersion(client: S3Client, bucket: string, key: string): Promise<string> {
  const { ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
  return Versions?.[0]?.VersionId ?? '';
}
