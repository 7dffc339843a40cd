import * as z from 'zod';

/** Words that mark a secret as a placeholder somebody forgot to replace. */
const placeholder =
  /change[-_ ]?(me|it|this)|example|placeholder|default|secret|password|passw0rd|bulkhead|postgres|insert|dummy|sample|letmein|qwerty|abc123|1234567|0123456/i;

const smallestVariety = 8;

/**
 * A password this server shows to the database: 16 to 256 characters that are neither a
 * placeholder nor a pattern. An example secret in production is as good as none.
 */
export const password = z.string({ error: 'is required' }).superRefine((value, context) => {
  if (value.length < 16) context.addIssue('is too short: use at least 16 random characters');
  else if (value.length > 256) context.addIssue('is too long: use at most 256 characters');
  else if (placeholder.test(value)) context.addIssue('is a placeholder: generate a random one');
  else if (isPattern([...value].map((character) => character.charCodeAt(0)))) {
    context.addIssue('is a pattern: generate a random one');
  }
});

/** A secret that somebody else made, a mail server or a store: any but a placeholder or an example. */
export const foreignSecret = z
  .string()
  .min(1)
  .max(256)
  .refine((value) => !placeholder.test(value), 'is a placeholder or an example: give the real one');

/** 32 random bytes as 64 hex digits or as base64 (43 characters, or 44 with padding). */
export const key = z.string({ error: 'is required' }).transform((value, context) => {
  const bytes = decodeKey(value.trim());
  if (bytes === undefined) {
    context.addIssue('must be 32 bytes as 64 hex digits or as base64');
    return z.NEVER;
  }
  if (isPattern([...bytes])) {
    context.addIssue('is a pattern, not a random key: generate one with `openssl rand -hex 32`');
    return z.NEVER;
  }
  return bytes;
});

function decodeKey(value: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(value)) return Buffer.from(value, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(value)) return Buffer.from(value, 'base64');
  return undefined;
}

/** True for few distinct values, or a run in which each value follows from the one before. */
function isPattern(values: readonly number[]): boolean {
  if (new Set(values).size < smallestVariety) return true;
  const steps = new Set(values.slice(1).map((value, index) => value - (values[index] ?? 0)));
  return steps.size === 1;
}
