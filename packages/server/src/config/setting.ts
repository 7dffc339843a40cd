import { isIP } from 'node:net';
import * as z from 'zod';

/** What the documentation shows of a setting; `secret` also forbids it in the file. */
export type SettingMeta = {
  description: string;
  /** Shown instead of a default; omitted = the schema's default, or "required". */
  otherwise?: string;
  secret?: boolean;
};

/** Attaches documentation to a setting's schema. */
export function setting<Schema extends z.ZodType>(schema: Schema, meta: SettingMeta): Schema {
  return schema.meta({ ...meta });
}

/** A whole number, given as a number or its decimal digits. */
export function whole(min: number, max: number) {
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^[0-9]{1,15}$/)
          .transform(Number),
      ],
      {
        error: `must be a whole number from ${min} to ${max}`,
      },
    )
    .pipe(
      z.number().refine((value) => Number.isInteger(value) && value >= min && value <= max, {
        error: `must be a whole number from ${min} to ${max}`,
      }),
    );
}

/** true or false. */
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')], {
  error: 'must be true or false',
});

/** A host name, an address, or the folder of a Unix socket. */
export const host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^(\/[^\0]*|[A-Za-z0-9._:-]+)$/, 'must be a host name, an address or a socket folder');

/** Addresses or CIDR ranges, as a list or separated by commas. */
export const addresses = z
  .union([z.array(z.string()), z.string().transform((value) => value.split(','))])
  .transform((values) => values.map((value) => value.trim()).filter((value) => value !== ''))
  .refine((values) => values.every(isRange), 'must be IP addresses or CIDR ranges');

function isRange(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  return /^[0-9]{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (version === 4 ? 32 : 128);
}

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** True for a host name that only this machine answers to. */
export function isLoopback(hostname: string): boolean {
  return loopbackNames.has(hostname);
}

/** The address people type: `https://host`, or `http://` on this machine only. */
export const publicUrl = z.string().superRefine((value, context) => {
  const url = URL.parse(value);
  if (url === null || url.origin === 'null' || url.pathname !== '/' || url.search || url.hash) {
    context.addIssue('must be an origin such as https://app.example.com');
  } else if (url.username !== '' || url.password !== '') {
    context.addIssue('must not contain a user name or password');
  } else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    context.addIssue('must be https, or http on localhost');
  }
});
