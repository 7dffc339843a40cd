import { parseVerifier } from '@bulkhead/platform/audit/ledger';
import * as z from 'zod';
import { foreignSecret, key } from './secret.ts';
import { isLoopback, setting, whole } from './setting.ts';

/** Values as a list, or as text separated by commas. */
const list = z
  .union([z.array(z.string()), z.string().transform((value) => value.split(','))])
  .transform((values) => values.map((value) => value.trim()).filter((value) => value !== ''));

function isKey(line: string, type: number): boolean {
  try {
    return parseVerifier(line).type === type;
  } catch {
    return false;
  }
}

const witness = /^(https?:\/\/\S+) (\S+)$/;

/** Witnesses as `address key`. */
const witnesses = list.transform((values, context) =>
  values.map((value) => {
    const [, url = '', verifier = ''] = witness.exec(value) ?? [];
    if (!isKey(verifier, 0x04))
      context.addIssue('must be `address key` with the key as the witness prints it');
    return { url, verifier };
  }),
);

const endpoint = z.string().refine((value) => {
  const url = URL.parse(value);
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}, 'must be an https address, or http on this machine');

/** A bucket with object lock that keeps the checkpoints. */
const bucket = {
  s3Bucket: setting(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
      .optional(),
    {
      description:
        'Bucket made with object lock that keeps a copy of every checkpoint, in compliance mode. Needs the package `@aws-sdk/client-s3`.',
      otherwise: 'no bucket',
    },
  ),
  s3Prefix: setting(
    z
      .string()
      .regex(/^([A-Za-z0-9!_.*'()-]+\/)*$/, 'must be empty or end with a slash')
      .max(500)
      .default(''),
    { description: 'Put before every key in the bucket, e.g. `books/`.', otherwise: 'nothing' },
  ),
  s3Region: setting(
    z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'must be a region such as eu-central-1')
      .optional(),
    { description: 'Region of the bucket.', otherwise: 'as the SDK finds it, e.g. in `AWS_REGION`' },
  ),
  s3Endpoint: setting(endpoint.optional(), {
    description: 'Address of a store that speaks as S3 does.',
    otherwise: 'Amazon S3',
  }),
  s3RetentionDays: setting(whole(1, 36_500).optional(), {
    description: 'Days for which nobody can remove a checkpoint from the bucket, whatever the reason.',
    otherwise: 'required with `audit.s3Bucket`',
  }),
  s3AccessKeyId: setting(z.string().min(1).max(256).optional(), {
    description: 'Access key for the bucket.',
    otherwise: 'credentials as the SDK finds them: environment, shared files, the machine’s role',
    secret: true,
  }),
  s3SecretAccessKey: setting(foreignSecret.optional(), {
    description: 'Secret of that access key.',
    otherwise: 'required with `audit.s3AccessKeyId`',
    secret: true,
  }),
};

const settings = z.strictObject({
  key: setting(key.optional(), {
    description:
      'Signs the checkpoints of the audit log: 32 random bytes as hex or base64, the seed of an Ed25519 key. Nothing else is signed with it.',
    otherwise: 'entries are sealed, but no checkpoint is signed',
    secret: true,
  }),
  name: setting(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9./-]{0,99}$/, 'must be a name such as books.example.com')
      .optional(),
    {
      description: 'Name of this installation in its checkpoints. Must never change.',
      otherwise: 'made from the oldest key',
    },
  ),
  previousKeys: setting(
    list
      .refine((keys) => keys.every((line) => isKey(line, 0x01)), 'must be public keys as published')
      .default([]),
    {
      description:
        'Public keys before the present one, newest first, separated by commas: published beside it.',
      otherwise: 'none',
    },
  ),
  anchorFolder: setting(z.string().min(1).optional(), {
    description:
      'Folder that keeps a copy of every checkpoint, best on a disk the database’s administrator cannot write to.',
    otherwise: 'no folder',
  }),
  ...bucket,
  witnesses: setting(witnesses.default([]), {
    description:
      'Witnesses that cosign every checkpoint (c2sp.org/tlog-witness), each as `address key`, separated by commas.',
    otherwise: 'none',
  }),
  checkpointEvery: setting(whole(100, 86_400_000).default(10_000), {
    description:
      'Milliseconds between checkpoints. What is removed from the end within that time leaves no trace.',
  }),
  verifyEvery: setting(whole(1000, 86_400_000).default(600_000), {
    description:
      'Milliseconds between checks of what is new in each chain; once a day each is checked from its first entry. Needs `database.auditorPassword` and `audit.key`.',
  }),
});

/** Signing and anchoring of the audit log. */
export const audit = settings.superRefine((section, issues) => {
  const { s3Bucket, s3RetentionDays, s3AccessKeyId, s3SecretAccessKey } = section;
  if (s3Bucket !== undefined && s3RetentionDays === undefined) {
    issues.addIssue({
      code: 'custom',
      path: ['s3RetentionDays'],
      message: 'is required with audit.s3Bucket',
    });
  }
  if ((s3AccessKeyId === undefined) !== (s3SecretAccessKey === undefined)) {
    const message =
      'is given without its other half: audit.s3AccessKeyId and audit.s3SecretAccessKey go together';
    const path = [s3AccessKeyId === undefined ? 's3SecretAccessKey' : 's3AccessKeyId'];
    issues.addIssue({ code: 'custom', path, message });
  }
});
