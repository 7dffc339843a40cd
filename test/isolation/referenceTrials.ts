import { scopeColumns, type ForeignKey } from './catalog.ts';
import { ifMay, neighbours, type Rights, type Scene } from './expectation.ts';
import { insertion, referring, type Row } from './rows.ts';
import { newRow, of, type Trial } from './trial.ts';
import { worlds, type World } from './worlds.ts';

/** Rows that refer, through each foreign key in turn, to a row of another world. */
export function referenceTrials(scene: Scene, rights: Rights): Trial[] {
  const { table, context } = scene;
  if (context !== 'own') return [];
  return table.foreignKeys.flatMap((key) =>
    neighbours(table).flatMap((world): Trial[] => {
      const foreign = foreignReference(scene, key, world);
      if (foreign === undefined) return [];
      const refused = `23503 ${key.name}`;
      const columns = Object.keys(foreign);
      const set = columns.map((column) => `${column} = ${foreign[column]}`).join(', ');
      const mayUpdate =
        columns.every((column) => rights.updatable.includes(column)) || scene.role === 'owner';
      const own = of(table, scene.seeded.rowOf(table, worlds.own));
      return [
        {
          operation: `refer by ${key.name}`,
          target: world.name,
          sql: insertion(table, { ...newRow(scene, worlds.own), ...foreign }),
          expected: ifMay(rights.insert, refused),
        },
        {
          operation: `repoint ${key.name}`,
          target: world.name,
          sql: `update ${table.label} t set ${set} where ${own}`,
          expected: ifMay(mayUpdate, refused),
        },
      ];
    }),
  );
}

/** The referring columns with the neighbour's values, unless the key may rightly point there or has only the scope. */
function foreignReference({ table, seeded }: Scene, key: ForeignKey, world: World): Row | undefined {
  const parent = seeded.rows.get(key.parent)?.get(world.name);
  const ownParent = seeded.rows.get(key.parent)?.get(worlds.own.name);
  const pairs = referring(key, table);
  if (parent === undefined || ownParent === undefined || pairs.length === 0) return undefined;
  if (!key.columns.includes('tenant_id')) return undefined;
  const carriesDifference = key.columns.some(
    (column, at) =>
      scopeColumns(table.scope).includes(column) &&
      parent[key.parentColumns[at] ?? ''] !== ownParent[key.parentColumns[at] ?? ''],
  );
  if (!carriesDifference) return undefined;
  return Object.fromEntries(pairs.map(([column, parentColumn]) => [column, parent[parentColumn] ?? 'null']));
}
