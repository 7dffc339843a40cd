import type { Column, ForeignKey, Relation } from '../catalog/types.ts';
import type { Outcome } from './outcome.ts';
import { columnOf, identifier, labelOf, listed } from './sql.ts';
import type { Row } from './types.ts';
import { candidates, mentioned, valueFor } from './values.ts';

type Refusal = Extract<Outcome, { kind: 'error' }>;

/** What to do about a refused insertion. */
export type Repair = 'again' | 'exists' | 'give up';

/** A row in the making: values given by the caller stay, the others are changed until the table takes them. */
export class Draft {
  readonly relation: Relation;
  readonly #given: Row;
  readonly #values: Record<string, string> = {};
  readonly #next: () => number;
  readonly #tries = new Map<string, number>();

  constructor(relation: Relation, given: Row, next: () => number) {
    this.relation = relation;
    this.#given = given;
    this.#next = next;
    const keys = keyColumns(relation);
    for (const column of relation.columns) {
      const required = column.notNull && !column.hasDefault && column.identity === null;
      if (column.generated === null && (required || keys.has(column.name)))
        this.#values[column.name] = valueFor(column, next(), keys.has(column.name));
    }
  }

  /** Forgets what was tried, for another way to insert. */
  startOver(): void {
    this.#tries.clear();
  }

  get row(): Row {
    return { ...this.#values, ...this.#given };
  }

  /** Leaves out columns that the inserting role may not set, so that their defaults stand. */
  insertion(allowed: ReadonlySet<string> | null): string {
    const row = Object.entries(this.row).filter(([name]) => allowed === null || allowed.has(name));
    return insertion(this.relation, Object.fromEntries(row));
  }

  /** The insertion with every value that nobody asked for copied from a row already there, which passes the checks. */
  copy(): string {
    const names = new Set(this.relation.foreignKeys.flatMap(({ columns }) => columns));
    const keys = keyColumns(this.relation);
    const values = this.relation.columns
      .filter(({ generated, identity }) => generated === null && identity !== 'always')
      .filter(({ name, notNull }) => name in this.row || notNull || !names.has(name))
      .map(({ name }): [string, string] => {
        const own = name in this.#given || keys.has(name) || names.has(name);
        return [
          name,
          own && this.row[name] !== 'default'
            ? (this.row[name] ?? `source.${identifier(name)}`)
            : `source.${identifier(name)}`,
        ];
      });
    const columns = listed(values.map(([name]) => name));
    const list = values.map(([, value]) => value).join(', ');
    const label = labelOf(this.relation);
    return `insert into ${label} (${columns}) select ${list} from ${label} source limit 1`;
  }

  repair(refusal: Refusal): Repair {
    const { sqlstate, constraint } = refusal;
    const tried = this.#tries.get(`${sqlstate} ${constraint}`) ?? 0;
    if (tried > 60) return 'give up';
    this.#tries.set(`${sqlstate} ${constraint}`, tried + 1);
    if (sqlstate === '23505' || sqlstate === '23P01') return this.#renew(constraint);
    if (sqlstate === '23502') return this.#fill(refusal.column);
    // A hashed partition takes one value in so many; new ones are drawn until one fits.
    if (sqlstate === '23514' && constraint === null && this.relation.isPartition) return this.#renewAll();
    if (sqlstate === '23514') return this.#satisfy(constraint, tried);
    if (sqlstate === '22001' || sqlstate === '22003') return this.#shrink(tried);
    return 'give up';
  }

  #free(columns: readonly Column[]): Column[] {
    return columns.filter(({ name, generated }) => !(name in this.#given) && generated === null);
  }

  #renew(constraint: string | null): Repair {
    const key = this.relation.keys.find(({ name }) => name === constraint);
    const columns = this.relation.columns.filter(({ name }) =>
      key?.columns.some((each) => each.includes(name)),
    );
    const free = this.#free(columns);
    if (free.length === 0) return 'exists';
    for (const column of free) this.#values[column.name] = valueFor(column, this.#next(), true);
    return 'again';
  }

  #renewAll(): Repair {
    const free = this.#free(this.relation.columns).filter(({ name }) => keyColumns(this.relation).has(name));
    for (const column of free) this.#values[column.name] = valueFor(column, this.#next(), true);
    return free.length === 0 ? 'give up' : 'again';
  }

  #fill(name: string | null): Repair {
    const column = name === null ? undefined : columnOf(this.relation, name);
    if (column === undefined || column.name in this.row) return 'give up';
    this.#values[column.name] = valueFor(column, this.#next(), false);
    return 'again';
  }

  #satisfy(constraint: string | null, tried: number): Repair {
    const check = this.relation.checks.find(({ name }) => name === constraint);
    // A domain's check is not among the table's, so any column of a domain may be the one.
    const columns = this.#free(
      check === undefined
        ? this.relation.columns.filter(({ type, baseType }) => type !== baseType)
        : mentioned(this.relation, check.expression),
    );
    let rest = tried;
    for (const column of columns) {
      const others = check === undefined ? [] : mentioned(this.relation, check.expression);
      const equal = others.filter(({ name, type }) => name !== column.name && type === column.type);
      const choices = [
        ...equal.flatMap(({ name }) => this.row[name] ?? []),
        ...candidates(column, check?.expression ?? '', this.#next()),
      ];
      const possible = column.notNull ? choices.filter((choice) => choice !== 'null') : choices;
      const few = columns.length > 1 ? possible.slice(0, 5) : possible;
      const choice = few[rest % few.length];
      if (choice !== undefined) this.#values[column.name] = choice;
      rest = Math.floor(rest / few.length);
    }
    return columns.length === 0 ? 'give up' : 'again';
  }

  #shrink(tried: number): Repair {
    if (tried > 1) return 'give up';
    for (const name of Object.keys(this.#values)) {
      const column = columnOf(this.relation, name);
      if (column !== undefined && !/uuid|date|time/.test(column.baseType) && !(name in this.#given))
        this.#values[name] = String(this.#next() % 10);
    }
    return 'again';
  }
}

/** Columns of keys, which must not repeat what is there. */
export function keyColumns(relation: Relation): ReadonlySet<string> {
  return new Set(
    relation.keys.flatMap(({ columns }) => columns.filter((name) => columnOf(relation, name) !== undefined)),
  );
}

export function insertion(relation: Relation, row: Row, label: string = labelOf(relation)): string {
  const names = Object.keys(row);
  if (names.length === 0) return `insert into ${label} default values`;
  const identity = names.some((name) => columnOf(relation, name)?.identity === 'always');
  const override = identity ? 'overriding system value ' : '';
  return `insert into ${label} (${listed(names)}) ${override}values (${Object.values(row).join(', ')})`;
}

/** Whether a key can be left null. */
export const optional = (key: ForeignKey, relation: Relation): boolean =>
  key.columns.some((name) => columnOf(relation, name)?.notNull === false);
