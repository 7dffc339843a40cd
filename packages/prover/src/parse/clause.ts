import type { Relation } from '../catalog/types.ts';
import { confine, type Part } from './confine.ts';
import { keyOf, partsOf, queriesIn, type Expression } from './expression.ts';
import { identitiesOf, settingRead, type Identity, type Resolver } from './identity.ts';
import { relationsRead } from './routine.ts';
import { ownColumns } from './row.ts';
import { outcome, truth } from './truth.ts';
import type { Absence, Premises } from './value.ts';

/** A function or setting read in a clause. */
export type Call = {
  /** of the call as an expression */
  key: string;
  name: string[];
  /** evaluated for each row: not inside a subquery of its own, and the row's columns are no argument of it */
  perRow: boolean;
  /** arguments name the row's columns, so that it must be called for each row */
  onRow: boolean;
  /** ids of the functions it may mean; none for a built-in one */
  routines: string[];
};

export type SettingRead = {
  name: string;
  missingOk: boolean;
  /** the type its text is cast to with no `nullif` between them, so that '' raises an error */
  rawCast: string | null;
};

/** What one clause of a policy, or one view's conditions, say. */
export type Clause = {
  text: string;
  expression: Expression;
  /** true of every row for every session, or of none */
  always: boolean;
  never: boolean;
  /** true of every row for a session that did not say who it is, in which way it did not */
  openWithout: Absence | null;
  /** may be true of some row for such a session */
  possibleWithout: boolean;
  /** the disjuncts, each with what it lets pass */
  parts: Part[];
  /** the row's own columns that it names */
  columns: Set<string>;
  /** ids of the relations it reads */
  reads: string[];
  calls: Call[];
  settings: SettingRead[];
  identities: Identity[];
};

const isOpen = (outcomes: number): boolean => outcomes === outcome.true;

/** Reads one condition on the rows of a relation. */
export function readClause(
  text: string,
  expression: Expression,
  scope: { relation: Relation; resolver: Resolver },
): Clause {
  const { relation, resolver } = scope;
  const notNull = new Set(relation.columns.filter((column) => column.notNull).map(({ name }) => name));
  const premises = (absent: Absence | null): Premises => ({
    resolver,
    relation: relation.name,
    absent,
    notNull: (column) => notNull.has(column),
    depth: 0,
    truth,
  });
  const anybody = truth(expression, premises(null));
  const always = isOpen(anybody);
  const nobody = {
    'never set': truth(expression, premises('never set')),
    empty: truth(expression, premises('empty')),
  };
  const open = (['never set', 'empty'] as const).find((absence) => isOpen(nobody[absence])) ?? null;
  return {
    text,
    expression,
    always,
    never: (anybody & outcome.true) === 0,
    openWithout: always ? null : open,
    possibleWithout: ((nobody['never set'] | nobody.empty) & outcome.true) !== 0,
    parts: confine(expression, { relation, resolver, premises: premises(null) }),
    columns: new Set(ownColumns(expression, relation)),
    reads: [...new Set([...queriesIn(expression)].flatMap((query) => relationsRead(query, resolver.lookup)))],
    calls: callsOf(expression, scope),
    settings: settingsOf(expression, null),
    identities: identitiesOf(expression, resolver),
  };
}

function callsOf(
  expression: Expression,
  scope: { relation: Relation; resolver: Resolver },
  within = false,
): Call[] {
  const { relation, resolver } = scope;
  const calls: Call[] = [];
  if (expression.kind === 'call') {
    const onRow = ownColumns(expression, relation, within).length > 0;
    calls.push({
      key: keyOf(expression),
      name: expression.name,
      perRow: !within && !onRow,
      onRow,
      routines: resolver.lookup
        .routinesNamed(expression.name, expression.arguments.length)
        .map(({ id }) => id),
    });
  }
  // A subquery that names no column of the row is evaluated once; one that does, for each row.
  for (const part of partsOf(expression)) {
    const once = expression.kind === 'subquery' && part !== expression.left;
    calls.push(...callsOf(part, scope, within || once));
  }
  return calls;
}

function settingsOf(expression: Expression, cast: string | null): SettingRead[] {
  const setting = settingRead(expression);
  if (setting !== null) return [{ ...setting, rawCast: cast }];
  if (expression.kind === 'cast') {
    const plain = ['text', 'varchar', 'name', 'bpchar', 'citext'].includes(expression.type);
    return settingsOf(expression.argument, plain ? cast : expression.type);
  }
  if (expression.kind === 'subquery' && expression.form === 'scalar' && expression.query.from.length === 0) {
    return expression.query.targets.flatMap((target) => settingsOf(target, cast));
  }
  return partsOf(expression).flatMap((part) => settingsOf(part, null));
}
