import { PlatformError } from '@bulkhead/platform/errors';
import * as z from 'zod';

/** Where a page ended: the value it was sorted by and the row's id. */
export type Position = { key: string; id: string };

const position = z.tuple([
  z
    .string()
    .max(200)
    .regex(/^[^\u0000]*$/),
  z.uuid(),
]);

/** The opaque `nextCursor` of a page that ended at `position`. */
export function toCursor({ key, id }: Position): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url');
}

/**
 * Reads a cursor. It comes from a client, so that nothing of it is believed but its form; what it points at is
 * still behind the row policies.
 * @throws {PlatformError} `cursor_invalid`
 */
export function fromCursor(cursor: string | undefined, keyForm: RegExp): Position | undefined {
  if (cursor === undefined) return undefined;
  const found = position.safeParse(parsed(cursor));
  if (!found.success || !keyForm.test(found.data[0]))
    throw new PlatformError('cursor_invalid', { field: 'cursor' });
  return { key: found.data[0], id: found.data[1] };
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A page from rows of which one more was asked for than fits. */
export function toPage<Item>(
  rows: Item[],
  limit: number,
  positionOf: (item: Item) => Position,
): { items: Item[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? toCursor(positionOf(last)) : null };
}
