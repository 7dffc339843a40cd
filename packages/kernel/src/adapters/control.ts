import type { TransactionOptions } from '../transactionState.ts';

/** A transaction command as ORMs send it. */
export type Control =
  | { verb: 'begin' | 'set transaction'; options: TransactionOptions }
  | { verb: 'commit' | 'rollback' }
  | { verb: 'savepoint' | 'rollback to' | 'release'; name: string };

const identifier = String.raw`("(?:[^"]|"")+"|[a-z_]\w*)`;
const name = String.raw`(?:savepoint\s+)?${identifier}`;
const patterns = {
  begin: /^(?:begin(?: transaction| work)?|start transaction)\b(.*)$/is,
  'set transaction': /^set transaction\b(.*)$/is,
  commit: /^(?:commit|end)(?: transaction| work)?$/i,
  rollback: /^(?:rollback|abort)(?: transaction| work)?$/i,
  savepoint: new RegExp(`^savepoint\\s+${identifier}$`, 'i'),
  'rollback to': new RegExp(`^rollback(?: transaction| work)?\\s+to\\s+${name}$`, 'i'),
  release: new RegExp(`^release\\s+${name}$`, 'i'),
} as const;

const isolations = ['read committed', 'repeatable read', 'serializable'] as const;

/** The modes of BEGIN; undefined when there is one that is not offered. */
function parseModes(text: string): TransactionOptions | undefined {
  const options: TransactionOptions = {};
  const rest = text
    .toLowerCase()
    .replace(
      /isolation\s+level\s+(read\s+uncommitted|read\s+committed|repeatable\s+read|serializable)/,
      (_, level) => {
        const asked = String(level).replace(/\s+/g, ' ');
        // Postgres runs read uncommitted as read committed.
        options.isolation = isolations.find((known) => known === asked) ?? 'read committed';
        return '';
      },
    )
    .replace(/read\s+(only|write)/, (_, mode) => {
      options.readOnly = mode === 'only';
      return '';
    })
    .replace(/\bnot\s+deferrable/, '');
  return /^[\s,]*$/.test(rest) ? options : undefined;
}

/** The command that `text` is, or undefined when it is a statement like any other. */
export function parseControl(text: string): Control | undefined {
  const trimmed = text.trim().replace(/\s*;$/, '');
  for (const verb of ['begin', 'set transaction'] as const) {
    const modes = patterns[verb].exec(trimmed)?.[1];
    const options = modes === undefined ? undefined : parseModes(modes);
    if (options !== undefined) return { verb, options };
  }
  for (const verb of ['commit', 'rollback'] as const) {
    if (patterns[verb].test(trimmed)) return { verb };
  }
  for (const verb of ['savepoint', 'rollback to', 'release'] as const) {
    const found = patterns[verb].exec(trimmed)?.[1];
    if (found !== undefined) return { verb, name: found };
  }
  return undefined;
}
