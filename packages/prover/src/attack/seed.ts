import type { Column, ForeignKey, Relation } from '../catalog/types.ts';
import type { TenantTable } from '../model/types.ts';
import type { Arena } from './arena.ts';
import { Draft, optional } from './draft.ts';
import { tenantLiteral, type World } from './identity.ts';
import { describe, type Outcome } from './outcome.ts';
import { columnOf, identifier, labelOf, quote } from './sql.ts';
import type { Rights, Row, Side } from './types.ts';

export type SeedSource = {
  relations: ReadonlyMap<string, Relation>;
  /** the model's tables by relation id */
  tables: ReadonlyMap<string, TenantTable>;
  rights: ReadonlyMap<string, Rights>;
  worlds: Readonly<Record<Side, World>>;
  /** what context functions in defaults answered to a side, kept for the run */
  defaults: Map<string, string | null>;
  /** tables that must not be written to with their triggers on */
  dangers: ReadonlyMap<string, string>;
  /** values that rows need to be in a partition, by relation id */
  bounds: ReadonlyMap<string, Row>;
  /** whether the connection's own role may write past the policies */
  exempt: boolean;
  superuser: boolean;
  next: () => number;
};

/** Makes rows of either tenant, parents first, within an arena's transaction. */
export class Seeder {
  readonly #arena: Arena;
  readonly #source: SeedSource;
  readonly #made = new Map<string, Row | null>();
  readonly #making = new Set<string>();
  /** why a row could not be made, the latest last */
  readonly troubles: string[] = [];

  constructor(arena: Arena, source: SeedSource) {
    this.#arena = arena;
    this.#source = source;
  }

  /** The row of a side, made at the first call; null when it cannot be, with the reason in `troubles`. */
  async row(relationId: string, side: Side, given: Row = {}): Promise<Row | null> {
    const id = `${relationId} ${side} ${JSON.stringify(given)}`;
    const made = this.#made.get(id);
    if (made !== undefined) return made;
    const relation = this.#source.relations.get(relationId);
    if (relation === undefined || this.#making.has(id)) return null;
    this.#making.add(id);
    const row = await this.#make(relation, side, given);
    this.#making.delete(id);
    this.#made.set(id, row);
    return row;
  }

  /** A row made earlier by `row` without given values. */
  made(relationId: string, side: Side): Row | null {
    return this.#made.get(`${relationId} ${side} {}`) ?? null;
  }

  async #make(relation: Relation, side: Side, given: Row): Promise<Row | null> {
    const row = await this.#given(relation, side, given);
    if (row === null) return null;
    for (const key of relation.foreignKeys)
      if (!(await this.#refer(relation, key, { side, row }))) return null;
    return this.#insert(new Draft(relation, row, this.#source.next), side);
  }

  /** Values that the tenant decides; makes the membership that leads to them. */
  async #given(relation: Relation, side: Side, given: Row): Promise<Record<string, string> | null> {
    const table = this.#source.tables.get(relation.id);
    const values = this.#source.worlds[side].values;
    const row: Record<string, string> = {};
    if (table !== undefined) {
      const column = columnOf(relation, table.column);
      if (column !== undefined) row[column.name] = tenantLiteral(values, column);
      if (table.via.kind === 'membership') await this.membership(table.via, side);
    }
    // Bulkhead's rows of one user: the account of a context is named like its tenant.
    for (const { name, defaultExpression } of relation.columns)
      if (defaultExpression?.includes('claimed_account_id()') === true) row[name] ??= quote(values.uuid);
    for (const other of this.#source.tables.values()) {
      if (other.via.kind !== 'membership' || other.via.relationId !== relation.id) continue;
      for (const name of [other.via.identityColumn, other.via.tenantColumn]) {
        const column = columnOf(relation, name);
        if (column !== undefined) row[name] = tenantLiteral(values, column);
      }
    }
    const said = await this.#said(relation, side, row);
    return { ...this.#source.bounds.get(relation.id), ...said, ...row, ...given };
  }

  /** Values that the session's own context gives by default, such as the account that acts. */
  async #said(relation: Relation, side: Side, known: Row): Promise<Row> {
    const row: Record<string, string> = {};
    for (const { name, defaultExpression: expression } of relation.columns) {
      if (name in known || expression === null || !contextCall.test(expression)) continue;
      const id = `${side} ${expression}`;
      if (!this.#source.defaults.has(id)) {
        const answer = await this.#arena.prepare(
          this.#source.worlds[side].identity,
          `select (${expression})::text`,
        );
        this.#source.defaults.set(id, answer.kind === 'rows' ? (answer.values[0]?.[0] ?? null) : null);
      }
      const value = this.#source.defaults.get(id);
      if (value !== null && value !== undefined) row[name] = quote(value);
    }
    return row;
  }

  async membership(via: Extract<TenantTable['via'], { kind: 'membership' }>, side: Side): Promise<void> {
    await this.row(via.relationId, side);
  }

  /** Makes the parent that a key needs and takes over its values; false when a required parent is missing. */
  async #refer(
    relation: Relation,
    key: ForeignKey,
    { side, row }: { side: Side; row: Record<string, string> },
  ): Promise<boolean> {
    const known = key.columns.every((name) => name in row);
    if (!known && optional(key, relation)) return true;
    if (key.parentId === relation.id && optional(key, relation)) return true;
    const given: Record<string, string> = {};
    key.columns.forEach((name, at) => {
      const value = row[name];
      const parentColumn = key.parentColumns[at];
      if (value !== undefined && parentColumn !== undefined) given[parentColumn] = value;
    });
    const parent =
      (await this.#shared(key.parentId, given)) ??
      (await this.row(key.parentId, side, this.#without(key.parentId, side, given)));
    if (parent === null) return optional(key, relation) || this.#source.superuser;
    key.columns.forEach((name, at) => {
      const value = parent[key.parentColumns[at] ?? ''];
      if (value !== undefined) row[name] ??= value;
    });
    return true;
  }

  /** A row that is there already in a table that belongs to no tenant, such as a list of currencies. */
  async #shared(parentId: string, given: Row): Promise<Row | null> {
    const parent = this.#source.relations.get(parentId);
    if (parent === undefined || this.#source.tables.has(parentId) || this.#isMembership(parentId))
      return null;
    const conditions = Object.entries(given).map(([name, value]) => `${identifier(name)} = ${value}`);
    const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
    const columns = parent.keys.flatMap((key) => key.columns.flatMap((name) => columnOf(parent, name) ?? []));
    if (columns.length === 0) return null;
    for (const identity of this.#source.exempt ? [null] : [this.#source.worlds.ours.identity]) {
      const query = `select ${pairs(columns)} from ${labelOf(parent)}${where} limit 1`;
      const outcome = await this.#arena.prepare(identity, query);
      if (outcome.kind === 'rows' && outcome.count > 0) return rowFrom({}, outcome);
    }
    return null;
  }

  #isMembership(relationId: string): boolean {
    return [...this.#source.tables.values()].some(
      ({ via }) => via.kind === 'membership' && via.relationId === relationId,
    );
  }

  /** Drops what the parent would have by itself, so that one row serves all keys. */
  #without(parentId: string, side: Side, given: Row): Row {
    const parent = this.#source.relations.get(parentId);
    const table = this.#source.tables.get(parentId);
    const column = parent === undefined || table === undefined ? undefined : columnOf(parent, table.column);
    if (column === undefined) return given;
    const own = tenantLiteral(this.#source.worlds[side].values, column);
    return Object.fromEntries(
      Object.entries(given).filter(([name, value]) => name !== column.name || value !== own),
    );
  }

  async #insert(draft: Draft, side: Side): Promise<Row | null> {
    const ways = this.#ways(side, draft.relation);
    let reason = this.#source.dangers.get(draft.relation.id) ?? 'nobody may insert';
    for (const [at, way] of ways.entries()) {
      draft.startOver();
      for (let tries = 0; tries < 70; tries += 1) {
        const outcome = await way(draft);
        if (outcome.kind === 'rows' && outcome.count > 0) return rowFrom(draft.row, outcome);
        if (outcome.kind === 'rows') break;
        reason = at === 0 ? describe(outcome) : `${reason}; ${describe(outcome)}`;
        const repair = draft.repair(outcome);
        if (repair === 'exists') return draft.row;
        if (repair === 'give up') break;
      }
    }
    this.troubles.push(`no row could be made in ${labelOf(draft.relation)}: ${reason}`);
    return null;
  }

  /** Ways to insert, tried in this order until one works. */
  #ways(side: Side, relation: Relation): ((draft: Draft) => Promise<Outcome>)[] {
    const { exempt, superuser, worlds, rights } = this.#source;
    const all = returning(relation.columns);
    const asSelf = (draft: Draft) => this.#arena.prepare(null, `${draft.insertion(null)}${all}`);
    const copied = (draft: Draft) => this.#arena.prepare(null, `${draft.copy()}${all}`);
    // Without triggers and keys: for tables whose triggers refuse rows they did not expect.
    const bare = async (draft: Draft) => {
      const replica = 'set local session_replication_role = replica';
      const outcome = await this.#arena.prepare(null, `${replica}; ${draft.insertion(null)}${all}`);
      if (outcome.kind === 'rows')
        await this.#arena.prepare(null, 'set local session_replication_role = origin');
      return outcome;
    };
    const asTenant = async (draft: Draft) => {
      const can = rights.get(relation.id);
      const insert = draft.insertion(can?.insert ?? null);
      const visible = relation.columns.filter(({ name }) => can?.select.has(name) === true);
      const shown = await this.#arena.prepare(worlds[side].identity, `${insert}${returning(visible)}`);
      return shown.kind === 'error' && shown.sqlstate === '42501'
        ? this.#arena.prepare(worlds[side].identity, insert)
        : shown;
    };
    const past = superuser ? [bare] : [];
    if (this.#source.dangers.has(relation.id)) return past;
    return [...(exempt ? [asSelf, copied] : []), ...past, asTenant];
  }
}

/** A function of the schema's own without arguments, as `auth.uid()`. */
const contextCall =
  /^\(*(?!pg_catalog\.|uuid_|gen_|extensions\.)[\w"]+\.(?!uuid_|gen_|nextval|now)[\w"]+\(\)\)*$/;

const returning = (columns: readonly Column[]): string =>
  columns.length === 0 ? '' : ` returning ${pairs(columns)}`;

const pairs = (columns: readonly Column[]): string =>
  columns.map(({ name }) => `${quote(name)}, ${identifier(name)}::text`).join(', ');

/** The row as stored: names and values alternate in what was returned. */
function rowFrom(draft: Row, outcome: Extract<Outcome, { kind: 'rows' }>): Row {
  const stored: Record<string, string> = { ...draft };
  const values = outcome.values[0] ?? [];
  for (let at = 0; at + 1 < values.length; at += 2) {
    const [name, value] = [values[at], values[at + 1]];
    if (name === undefined || name === null) continue;
    stored[name] = value === null || value === undefined ? 'null' : quote(value);
  }
  return stored;
}
