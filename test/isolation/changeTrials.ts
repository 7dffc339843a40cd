import { scopeColumns, type Table } from './catalog.ts';
import { ifMay, oneIfSeen, visible, type Rights, type Scene } from './expectation.ts';
import { guardRefused, privilegeRefused, rows, type Outcome } from './outcome.ts';
import { of, targets, type Trial } from './trial.ts';
import { worlds } from './worlds.ts';

export function updateTrials(scene: Scene, { updatable, select }: Rights): Trial[] {
  const { table, seeded, role } = scene;
  const column = updatable[0] ?? 'id';
  const may = updatable.length > 0;
  const set = `update ${table.label} t set ${column} = ${column}`;
  // Under all companies the owner may move a row from one to another; whether it can, its references decide.
  const scopes = scopeColumns(table.scope).filter(
    (name) => name !== 'company_id' || scene.context !== 'allCompanies',
  );
  const moves = [...scopes, 'id', 'created_at'];
  return [
    { operation: 'update', target: 'all', sql: set, expected: ifMay(may, visible(scene)) },
    ...targets(scene).flatMap((world): Trial[] => {
      const condition = of(table, seeded.rowOf(table, world));
      const expected = ifMay(may, oneIfSeen(scene, world));
      return [
        { operation: 'update', target: world.name, sql: `${set} where ${condition}`, expected },
        {
          operation: 'update from',
          target: world.name,
          sql: `${set.replaceAll(`= ${column}`, `= t.${column}`)} from ${table.label} u where ${condition} and u.id = t.id and u.tenant_id = t.tenant_id`,
          expected,
        },
        {
          operation: 'lock',
          target: world.name,
          sql: `select from ${table.label} t where ${condition} for update`,
          expected: ifMay(may && select, oneIfSeen(scene, world)),
        },
        {
          operation: 'merge',
          target: world.name,
          sql: `merge into ${table.label} t using (select 1) s on ${condition} when matched then update set ${column} = t.${column}`,
          expected,
        },
        {
          operation: 'mark deleted',
          target: world.name,
          sql: `update ${table.label} t set deleted_at = now() where ${condition}`,
          expected: ifMay(role === 'owner' || updatable.includes('deleted_at'), oneIfSeen(scene, world)),
        },
      ];
    }),
    ...moves.map((moved): Trial => ({
      operation: `move ${moved}`,
      target: 'own',
      sql: `update ${table.label} t set ${moved} = ${elsewhere(moved)} where ${of(table, seeded.rowOf(table, worlds.own))}`,
      expected: role === 'owner' ? movedByOwner(scene, moved) : privilegeRefused,
    })),
  ];
}

function elsewhere(column: string): string {
  if (column === 'tenant_id') return `'${worlds.otherTenant.tenant}'`;
  if (column === 'company_id') return `'${worlds.otherTenant.company}'`;
  if (column === 'account_id') return `'${worlds.otherTenant.account}'`;
  return column === 'id' ? 'gen_random_uuid()' : `timestamptz '2001-01-01'`;
}

function movedByOwner(scene: Scene, column: string): Outcome {
  const seen = oneIfSeen(scene, worlds.own);
  if (seen !== rows(1)) return seen;
  return column === 'company_id' || column === 'account_id' ? '42501 policy' : guardRefused;
}

/** By the catalog, since a role without USAGE on the schema may not even name the table. */
const oidOf = ({ label }: Table): string =>
  `(select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname || '.' || c.relname = '${label}')`;

export function removeTrials(scene: Scene, { remove }: Rights): Trial[] {
  const { table, seeded, role } = scene;
  const guarded = role === 'owner' && table.deleteMode !== 'hard';
  const allowed = (outcome: Outcome): Outcome => (guarded ? guardRefused : ifMay(remove, outcome));
  const isOwner = role === 'owner';
  return [
    {
      operation: 'delete',
      target: 'all',
      sql: `delete from ${table.label}`,
      expected: allowed(visible(scene)),
    },
    ...targets(scene).map((world): Trial => ({
      operation: 'delete',
      target: world.name,
      sql: `delete from ${table.label} t where ${of(table, seeded.rowOf(table, world))}`,
      expected: allowed(oneIfSeen(scene, world)),
    })),
    {
      operation: 'truncate',
      target: 'all',
      sql: `truncate ${table.label} cascade`,
      expected: isOwner ? guardRefused : privilegeRefused,
    },
    // Whoever may delete rows may lock the table: Postgres knows no finer right. docs/design/isolation-proof.md tells.
    {
      operation: 'lock table',
      target: 'all',
      sql: `lock table ${table.label} in access exclusive mode`,
      expected: ifMay(isOwner || (remove && role === 'app'), rows(0)),
    },
    {
      operation: 'references privilege',
      target: 'all',
      sql: `?select has_any_column_privilege(${oidOf(table)}, 'references')`,
      expected: `value ${isOwner}`,
    },
    {
      operation: 'trigger privilege',
      target: 'all',
      sql: `?select has_table_privilege(${oidOf(table)}, 'trigger')`,
      expected: `value ${isOwner}`,
    },
  ];
}
