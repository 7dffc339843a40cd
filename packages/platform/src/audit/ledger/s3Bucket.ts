import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type * as S3 from '@aws-sdk/client-s3';
import { chainOf } from './key.ts';
import type { KeptNote, NoteSource } from './notes.ts';

/** Where a bucket is. What is left out comes from the SDK's own chain: environment, shared files, the machine's role. */
export type S3Address = {
  readonly bucket: string;
  /** Before every key, e.g. `books/`. Default: nothing. */
  readonly prefix?: string;
  readonly region?: string;
  /** Of a compatible store, e.g. `https://s3.example.com`; the bucket is then named in the path. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

/** The optional peer @aws-sdk/client-s3 is not installed. */
export class S3ClientMissing extends Error {
  override readonly name = 'S3ClientMissing';

  constructor(cause: unknown) {
    super('Anchors in a bucket need the package @aws-sdk/client-s3: run npm install @aws-sdk/client-s3.', {
      cause,
    });
  }
}

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

/** Sends one object, e.g. `(input) => client.send(new PutObjectCommand(input))`. */
export type PutObjectSender = (input: PutObject) => Promise<unknown>;

/** A bucket that keeps checkpoints. */
export type S3Bucket = {
  readonly name: string;
  readonly put: PutObjectSender;
  /** The greatest key that begins with `folder` and follows `after`, in the order of bytes. */
  readonly lastKey: (folder: string, after?: string) => Promise<string | undefined>;
  readonly read: (key: string) => Promise<string>;
  /**
   * Every note under the prefix, in every version: a marker of deletion or a newer version does not hide what is locked.
   * One page of names and 8 notes are under way at a time.
   */
  readonly notes: (folder?: string) => AsyncGenerator<KeptNote>;
  /** The same as a place that verification reads from. */
  readonly openSource: () => Promise<NoteSource>;
};

type Sdk = typeof S3;
type Connection = { sdk: Sdk; client: S3Client; bucket: string; prefix: string };

const atOnce = 8;

function clientConfig({ region, endpoint, credentials }: S3Address): S3ClientConfig {
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials }),
    // Compatible stores know no checksums that are not asked for; anchors ask for theirs.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 5000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  };
}

async function lastKey({ sdk, client, bucket }: Connection, folder: string, after?: string) {
  let last: string | undefined;
  let next: string | undefined;
  do {
    const page: S3.ListObjectsV2CommandOutput = await client.send(
      new sdk.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: folder,
        ...(after !== undefined && { StartAfter: after }),
        ...(next !== undefined && { ContinuationToken: next }),
      }),
    );
    const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key?.endsWith('.note') ? [Key] : []));
    last = keys.at(-1) ?? last;
    next = page.NextContinuationToken;
  } while (next !== undefined);
  return last;
}

async function readObject(
  { sdk, client, bucket }: Connection,
  key: string,
  version?: string,
): Promise<string> {
  const { Body } = await client.send(
    new sdk.GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(version !== undefined && { VersionId: version }),
    }),
  );
  return (await Body?.transformToString('utf8')) ?? '';
}

/** Every version's name under a folder, in the order of bytes. */
async function* versions(
  { sdk, client, bucket }: Connection,
  folder: string,
): AsyncGenerator<S3.ObjectVersion[]> {
  let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const page: S3.ListObjectVersionsCommandOutput = await client.send(
      new sdk.ListObjectVersionsCommand({ Bucket: bucket, Prefix: folder, ...marker }),
    );
    yield (page.Versions ?? []).filter(({ Key }) => Key?.endsWith('.note'));
    marker = page.IsTruncated === true ? markerOf(page) : undefined;
  }
}

/** @param last the greatest key that is read */
async function* notes(connection: Connection, folder: string, last?: string): AsyncGenerator<KeptNote> {
  const source = `anchor s3://${connection.bucket}/${folder}`;
  for await (const page of versions(connection, folder)) {
    const found = page.filter(({ Key = '' }) => last === undefined || Key <= last);
    for (let from = 0; from < found.length; from += atOnce) {
      const some = found.slice(from, from + atOnce);
      const texts = some.map(({ Key = '', VersionId }) => readObject(connection, Key, VersionId));
      for (const note of await Promise.all(texts)) yield { note, source };
    }
  }
}

/** What there is now, by chain. */
async function openSource(connection: Connection): Promise<NoteSource> {
  const { prefix } = connection;
  const last = new Map<string, string>();
  for await (const page of versions(connection, prefix)) {
    for (const { Key = '' } of page) last.set(Key.slice(prefix.length).split('/')[0] ?? '', Key);
  }
  return {
    async *chains() {
      yield* last.keys();
    },
    async *notesOf(origin) {
      const chain = chainOf(origin) ?? '';
      if (last.has(chain)) yield* notes(connection, `${prefix}${chain}/`, last.get(chain));
    },
  };
}

function markerOf(page: { NextKeyMarker?: string | undefined; NextVersionIdMarker?: string | undefined }) {
  const { NextKeyMarker, NextVersionIdMarker } = page;
  if (NextKeyMarker === undefined)
    throw new Error('The store cut its list short without saying where it goes on.');
  return {
    KeyMarker: NextKeyMarker,
    ...(NextVersionIdMarker !== undefined && { VersionIdMarker: NextVersionIdMarker }),
  };
}

/**
 * Speaks to a bucket with @aws-sdk/client-s3, which is loaded with the first request.
 *
 * @throws {S3ClientMissing} at once, when it is not installed
 */
export function openS3Bucket(address: S3Address): S3Bucket {
  const { bucket, prefix = '' } = address;
  try {
    import.meta.resolve('@aws-sdk/client-s3');
  } catch (error) {
    throw new S3ClientMissing(error);
  }
  let opened: Promise<Connection> | undefined;
  const open = async (): Promise<Connection> => {
    const sdk = await import('@aws-sdk/client-s3');
    return { sdk, client: new sdk.S3Client(clientConfig(address)), bucket, prefix };
  };
  const connect = (): Promise<Connection> => (opened ??= open());
  const read = async function* read(folder: string): AsyncGenerator<KeptNote> {
    yield* notes(await connect(), `${prefix}${folder}`);
  };
  return {
    name: `s3://${bucket}/${prefix}`,
    async put(input) {
      const { sdk, client } = await connect();
      return client.send(new sdk.PutObjectCommand(input));
    },
    lastKey: async (folder, after) => lastKey(await connect(), folder, after),
    read: async (key) => readObject(await connect(), key),
    notes: (folder = '') => read(folder),
    openSource: async () => openSource(await connect()),
  };
}

/**
 * `s3://bucket/prefix`.
 *
 * @returns undefined for anything else; the prefix ends with a slash or is empty
 */
export function parseS3Address(text: string): { bucket: string; prefix: string } | undefined {
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text) ?? [];
  if (bucket === undefined) return undefined;
  return { bucket, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` };
}
