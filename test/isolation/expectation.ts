import { scopeColumns, type Table } from './catalog.ts';
import type { Sample } from './rows.ts';
import { contextRefused, policyRefused, privilegeRefused, rows, type Outcome } from './outcome.ts';
import type { Seeded } from './seed.ts';
import { allWorlds, inSight, refusedContexts, worlds, type ContextName, type World } from './worlds.ts';

export type RoleName = 'app' | 'owner' | 'identity' | 'worker' | 'auditor';

/** A table, a role and a context: where an operation is tried. */
export type Scene = {
  table: Table;
  role: RoleName;
  context: ContextName;
  seeded: Seeded;
  sample: Sample | undefined;
};

export const isRefused = (context: ContextName): boolean => refusedContexts.includes(context);
export const isValid = (context: ContextName): boolean => context === 'own' || context === 'allCompanies';

/** Rows that the context shows, or that the context is refused. */
export function visible({ table, context, seeded }: Scene): Outcome {
  if (isRefused(context)) return contextRefused;
  const { scope } = table;
  if (scope === null) return rows(0);
  const seen = new Map<string, number>();
  for (const world of allWorlds.filter((each) => inSight(each, scope, context))) {
    const key = [
      world.tenant,
      scope === 'company' && world.company,
      scope === 'user' && world.account,
    ].join();
    seen.set(key, seeded.live(table, world));
  }
  return rows([...seen.values()].reduce((sum, count) => sum + count, 0));
}

/** One row if the world's rows are in sight of the context, none if not. */
export function oneIfSeen({ table, context }: Scene, world: World): Outcome {
  if (isRefused(context)) return contextRefused;
  return rows(table.scope !== null && inSight(world, table.scope, context) ? 1 : 0);
}

/** What writing a new row into the world comes to, its own constraints aside. */
export function written({ table, context, sample }: Scene, world: World): Outcome {
  if (isRefused(context)) return contextRefused;
  if (table.scope === null || !inSight(world, table.scope, context)) return policyRefused;
  return sample?.single === undefined ? rows(1) : `23505 ${sample.single}`;
}

export type Rights = { insert: boolean; updatable: string[]; remove: boolean; select: boolean };

const none: Rights = { insert: false, updatable: [], remove: false, select: false };

/** What the role may do with the table by its registration, not by the grants that happen to stand there. */
export function rightsOf({ table, role, sample }: Pick<Scene, 'table' | 'role' | 'sample'>): Rights {
  if (role === 'owner') {
    return { insert: true, updatable: ['updated_at'], remove: true, select: true };
  }
  if (role !== 'app') return none;
  if (table.treatment === 'shared') return { ...none, select: true };
  if (table.treatment === 'exempt') return none;
  const { writeMode, deleteMode } = table;
  const fixed = ['id', 'created_at', 'updated_at', ...scopeColumns(table.scope), ...table.immutable];
  if (deleteMode !== 'soft') fixed.push('deleted_at');
  const updatable = table.columns.filter((column) => !column.generated && !fixed.includes(column.name));
  return {
    select: true,
    insert: sample?.insertable ?? writeMode !== 'none',
    updatable: sample?.updatable ?? (writeMode === 'full' ? updatable.map(({ name }) => name) : []),
    remove: sample?.removable ?? deleteMode === 'hard',
  };
}

/** The outcome if the role has the privilege, and the refusal if not. */
export const ifMay = (may: boolean, outcome: Outcome): Outcome => (may ? outcome : privilegeRefused);

/** The other worlds whose rows differ in scope from the own world's, for this table. */
export function neighbours(table: Table): World[] {
  return [
    worlds.otherTenant,
    ...(table.scope === 'company' ? [worlds.otherCompany] : []),
    ...(table.scope === 'user' ? [worlds.otherAccount] : []),
  ];
}
