import * as z from 'zod';

/** A version-4 (or any RFC 9562) identifier. */
export const uuid = z.uuid();

/** Text of 1 to `max` characters without control characters other than tab and line feed. */
export function text(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f]*$/, 'must not contain control characters')
    .refine((value) => value.trim() !== '', 'must not be blank');
}

/** One line of text of 1 to `max` characters. */
export function line(max: number) {
  return text(max).regex(/^[^\t\n]*$/, 'must be a single line');
}

/** An email address of at most 254 characters (RFC 5321). */
export const email = z.email().max(254);

/** An instant, ISO 8601 in UTC with up to microseconds, e.g. `2026-01-31T09:30:00.123456Z`. */
export const instant = z.iso.datetime();

/** A calendar day, `YYYY-MM-DD`. */
export const day = z.iso.date();

/** Page size, 1 to 200, default 50. Accepts the digits of a query string. */
export const limit = z.coerce.number().int().min(1).max(200).default(50);

/** No input, or an empty object: any key is refused. */
export const nothing = z.strictObject({}).optional();

/** An answer without content. */
export const done = z.strictObject({});
