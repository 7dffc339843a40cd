import { scopeColumns } from './catalog.ts';
import { ifMay, isValid, oneIfSeen, written, type Rights, type Scene } from './expectation.ts';
import { policyRefused, rows, type Outcome } from './outcome.ts';
import { insertion, referring, type Row } from './rows.ts';
import { newRow, targets, type Trial } from './trial.ts';
import { worlds, type World } from './worlds.ts';

export function insertTrials(scene: Scene, rights: Rights): Trial[] {
  const { table, seeded, sample } = scene;
  const column = rights.updatable[0];
  return targets(scene).flatMap((world): Trial[] => {
    const target = world.name;
    const row = newRow(scene, world);
    const expected = ifMay(rights.insert, written(scene, world));
    const clash = insertion(table, { ...row, id: seeded.rowOf(table, world)['id'] ?? '' });
    const isOwn = world === worlds.own;
    const nothing = expected.startsWith('rows') || expected.startsWith('23505') ? rows(0) : expected;
    const upsert = expected.startsWith('rows') || expected.startsWith('23505') ? rows(1) : expected;
    return [
      { operation: 'insert', target, sql: insertion(table, row), expected },
      {
        operation: 'insert backdated',
        target,
        sql: insertion(table, { ...row, created_at: `timestamptz '2001-01-01'` }),
        // Refused before the context is even read.
        expected: ifMay(rights.insert, policyRefused),
      },
      { operation: 'insert returning', target, sql: `${insertion(table, row)} returning id`, expected },
      {
        operation: 'on conflict do nothing',
        target,
        sql: `${clash} on conflict do nothing`,
        expected: isOwn || oneIfSeen(scene, world) === rows(1) ? nothing : expected,
      },
      {
        operation: 'on conflict do update',
        target,
        sql: `${clash} on conflict (tenant_id, id) do update set ${column ?? 'id'} = excluded.${column ?? 'id'}`,
        expected: ifMay(column !== undefined, upsert),
      },
      // T-11: another's values, all unique ones included, taken for oneself. It must go as if the other had none.
      ...(isOwn || !isValid(scene.context)
        ? []
        : [
            {
              operation: 'take values',
              target,
              sql: insertion(table, borrowed(scene, world)),
              expected: ifMay(rights.insert, takes(scene)),
            },
          ]),
    ];
  });
  function takes(at: Scene): Outcome {
    return sample?.single === undefined ? rows(1) : written(at, worlds.own);
  }
}

/** The neighbour's row with the own scope; what it refers to stays the own world's. */
function borrowed(scene: Scene, world: World): Row {
  const { table, seeded } = scene;
  const own = newRow(scene, worlds.own);
  const kept = new Set([
    ...scopeColumns(table.scope),
    ...table.foreignKeys.flatMap((key) => referring(key, table).map(([column]) => column)),
    'created_at',
    'updated_at',
    'deleted_at',
  ]);
  const foreign = Object.entries(seeded.rowOf(table, world)).filter(([column]) => !kept.has(column));
  // With another company or account of the tenant the key (tenant_id, id) is taken by right.
  if (world.tenant === worlds.own.tenant)
    return { ...own, ...Object.fromEntries(foreign), id: own['id'] ?? '' };
  return { ...own, ...Object.fromEntries(foreign) };
}
