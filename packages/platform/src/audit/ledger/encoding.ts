/**
 * The bytes of an audit entry that are hashed and exported, the same as `bulkhead.audit_entry_bytes` in SQL: a version
 * line, then seventeen fields, each its length in bytes, a colon, the value, a line feed; `-` and a line feed for null.
 * Specified with vectors in docs/audit-format.md.
 */

/** The fields in the order in which they are hashed. */
export const fieldNames = [
  'id',
  'occurred_at',
  'transaction_id',
  'tenant_id',
  'company_id',
  'actor_kind',
  'actor_id',
  'on_behalf_of',
  'action',
  'target_type',
  'target_id',
  'request_id',
  'ip',
  'user_agent',
  'before',
  'after',
  'detail',
] as const;

export type FieldName = (typeof fieldNames)[number];

/**
 * An entry as text, null where a field is null. `occurred_at` is whole microseconds since 1970; json fields are the text
 * that was stored, never parsed and written again; `ip` has its prefix length (`203.0.113.9/32`).
 */
export type EntryFields = Readonly<Record<FieldName, string | null>>;

const versionLine = 'bulkhead-entry/1\n';
const colon = 58;
const lineFeed = 10;
const hyphen = 45;

/** The chain of what happens before a tenant is known. */
export const serviceChain = '00000000-0000-0000-0000-000000000000';

/** The bytes of an entry. */
export function encodeEntry(fields: EntryFields): Buffer {
  let text = versionLine;
  for (const name of fieldNames) {
    const value = fields[name];
    text += value === null ? '-\n' : `${Buffer.byteLength(value)}:${value}\n`;
  }
  return Buffer.from(text);
}

/**
 * The fields in an entry's bytes.
 *
 * @returns undefined when the bytes are not exactly seventeen well-formed fields
 */
export function decodeEntry(bytes: Buffer): EntryFields | undefined {
  if (bytes.toString('latin1', 0, versionLine.length) !== versionLine) return undefined;
  const fields: Partial<Record<FieldName, string | null>> = {};
  let at = versionLine.length;
  for (const name of fieldNames) {
    if (bytes[at] === hyphen && bytes[at + 1] === lineFeed) {
      fields[name] = null;
      at += 2;
      continue;
    }
    const separator = bytes.indexOf(colon, at);
    const digits = bytes.toString('latin1', at, Math.max(at, separator));
    if (separator < 0 || !/^(0|[1-9][0-9]{0,9})$/.test(digits)) return undefined;
    const end = separator + 1 + Number(digits);
    if (bytes[end] !== lineFeed) return undefined;
    fields[name] = bytes.toString('utf8', separator + 1, end);
    at = end + 1;
  }
  return at === bytes.length ? (fields as EntryFields) : undefined;
}
