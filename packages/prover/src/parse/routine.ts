import type { Routine } from '../catalog/types.ts';
import { expressionsOf, queriesIn, walk, type Expression, type Query, type Statement } from './expression.ts';
import { searchPathOf, type Lookup } from './lookup.ts';
import type { Parser } from './parser.ts';

/** What one function's body says, without what the functions it calls say. */
export type RoutineBody = {
  /** why not all of it could be read, or null */
  unseen: string | null;
  statements: Statement[];
  /** the one expression whose value it returns, when that is all it does */
  result: Expression | null;
  /** text built at run time and executed */
  dynamic: Expression[];
  /** whether it names a relation without its schema */
  unqualified: boolean;
  paths: string[];
};

const nothing = { statements: [], result: null, dynamic: [], unqualified: false };

/** Reads a routine's body; a language other than SQL and PL/pgSQL is unseen. */
export function readRoutine(routine: Routine, parser: Parser): RoutineBody {
  const paths = [...(searchPathOf(routine.settings) ?? []), routine.schema, 'public'];
  const why = unreadable(routine);
  if (why !== null) return { ...nothing, unseen: why, paths };
  try {
    const body = routine.language === 'sql' ? readSql(routine, parser) : readPlpgsql(routine, parser);
    return { ...body, paths, unqualified: body.statements.some(hasUnqualified) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ...nothing, unseen: `its body could not be read: ${message}`, paths };
  }
}

function unreadable(routine: Routine): string | null {
  if (routine.extension !== null) return `it belongs to the extension ${routine.extension}`;
  if (routine.body === null || !['sql', 'plpgsql'].includes(routine.language))
    return `it is written in ${routine.language}`;
  return null;
}

type Read = Pick<RoutineBody, 'statements' | 'result' | 'dynamic' | 'unseen'>;

function readSql(routine: Routine, parser: Parser): Read {
  const text = (routine.body ?? '').trim();
  const statements = parser.statements(
    routine.standardBody
      ? text.replace(/^return\b/i, 'select').replace(/^begin\s+atomic\b([\s\S]*)\bend$/i, '$1')
      : text,
  );
  return { statements, result: resultOf(statements), dynamic: [], unseen: null };
}

function resultOf(statements: readonly Statement[]): Expression | null {
  const [only] = statements;
  if (statements.length !== 1 || only?.kind !== 'select') return null;
  const { from, targets, nested } = only.query;
  return from.length === 0 && nested.length === 0 && targets.length === 1 ? (targets[0] ?? null) : null;
}

type Fragment = { query: string; mode: number; role: string };

function readPlpgsql(routine: Routine, parser: Parser): Read {
  const fragments: Fragment[] = [];
  collect(parser.plpgsql(routine.definition ?? ''), '', fragments);
  const statements: Statement[] = [];
  const dynamic: Expression[] = [];
  const returned: Expression[] = [];
  const unread: string[] = [];
  for (const fragment of fragments) {
    try {
      const read = parser.statements(fragment.mode === 0 ? fragment.query : `select ${valueOf(fragment)}`);
      statements.push(...read);
      const result = resultOf(read);
      if (result === null) continue;
      if (fragment.role === 'PLpgSQL_stmt_dynexecute') dynamic.push(result);
      if (fragment.role === 'PLpgSQL_stmt_return') returned.push(result);
    } catch {
      unread.push(fragment.query);
    }
  }
  const whole = statements.length === 1 && returned.length === 1 ? (returned[0] ?? null) : null;
  return {
    statements,
    dynamic,
    result: whole,
    unseen: unread.length === 0 ? null : `it could not be read: ${unread[0]}`,
  };
}

/** An assignment's text is `variable := value`. */
function valueOf({ query, mode }: Fragment): string {
  return mode > 2 ? query.replace(/^[^=]*?:?=/, '') : query;
}

const stringly = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Finds every SQL text in PL/pgSQL's parse tree, with the kind of statement it stands in. */
function collect(node: unknown, role: string, fragments: Fragment[]): void {
  if (Array.isArray(node)) for (const each of node as unknown[]) collect(each, role, fragments);
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    if (key !== 'PLpgSQL_expr')
      collect(
        value,
        dynamicKeys.has(key) ? 'PLpgSQL_stmt_dynexecute' : key.startsWith('PLpgSQL_stmt') ? key : role,
        fragments,
      );
    else if (typeof value === 'object' && value !== null) {
      const { query, parseMode } = value as { query?: unknown; parseMode?: unknown };
      fragments.push({ query: stringly(query), mode: typeof parseMode === 'number' ? parseMode : 0, role });
    }
  }
}

/** `return query execute` and `open … for execute` carry their text under this key. */
const dynamicKeys = new Set(['dynquery', 'PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors']);

function hasUnqualified({ target, query }: Statement): boolean {
  if (target?.schema === null) return true;
  const outer = [query, ...expressionsOf(query).flatMap((each) => [...queriesIn(each)])];
  return outer.some(({ from }) => from.some((source) => source.kind === 'table' && source.schema === null));
}

/** Ids of the relations that a query reads; names that mean nothing here, such as common tables, are left out. */
export function relationsRead(query: Query, lookup: Lookup, paths: readonly string[] = []): string[] {
  const ids = new Set<string>();
  for (const each of queriesIn(query)) {
    for (const source of each.from) {
      if (source.kind !== 'table') continue;
      const relation = lookup.relationNamed(source.schema, source.name, paths);
      if (relation !== undefined) ids.add(relation.id);
    }
  }
  return [...ids];
}

/** All calls in an expression, those in its subqueries too. */
export function callsIn(expression: Expression): Extract<Expression, { kind: 'call' }>[] {
  return [...walk(expression)].filter((each) => each.kind === 'call');
}
