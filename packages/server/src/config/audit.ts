import { parseVerifier } from '@bulkhead/platform/audit/ledger';
import * as z from 'zod';
import { key } from './secret.ts';
import { setting, whole } from './setting.ts';

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

/** Signing and anchoring of the audit log. */
export const audit = z.strictObject({
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
  witnesses: setting(witnesses.default([]), {
    description:
      'Witnesses that cosign every checkpoint (c2sp.org/tlog-witness), each as `address key`, separated by commas.',
    otherwise: 'none',
  }),
  checkpointEvery: setting(whole(100, 86_400_000).default(10_000), {
    description:
      'Milliseconds between checkpoints. What is removed from the end within that time leaves no trace.',
  }),
});
