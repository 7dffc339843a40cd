import { ifMay, isRefused, isValid, oneIfSeen, visible, type Rights, type Scene } from './expectation.ts';
import { contextRefused } from './outcome.ts';
import { of, targets, type Trial } from './trial.ts';
import { worlds } from './worlds.ts';

export function readTrials(scene: Scene, { select }: Rights): Trial[] {
  return [...wholeReads(scene, select), ...aimedReads(scene, select)];
}

/** Reads without a condition: all that is in sight and nothing else. */
function wholeReads(scene: Scene, select: boolean): Trial[] {
  const { table, context } = scene;
  const all = ifMay(select, visible(scene));
  const tenant = isRefused(context)
    ? all
    : ifMay(select, `value ${isValid(context) ? worlds.own.tenant : 'null'}`);
  const from = `from ${table.label} t`;
  return [
    { operation: 'select', target: 'all', sql: `select * ${from}`, expected: all },
    {
      operation: 'count',
      target: 'all',
      sql: `?select count(*) ${from}`,
      expected: all.replace('rows', 'value'),
    },
    {
      operation: 'aggregate',
      target: 'all',
      sql: `?select string_agg(distinct tenant_id::text, ',') ${from}`,
      expected: tenant,
    },
    {
      operation: 'join',
      target: 'all',
      sql: `select ${from} join ${table.label} u on u.id = t.id and u.tenant_id = t.tenant_id`,
      expected: all,
    },
    {
      operation: 'exists',
      target: 'all',
      sql: `?select exists (select ${from} where t.tenant_id <> '${worlds.own.tenant}')`,
      expected: ifMay(select, isRefused(context) ? contextRefused : 'value false'),
    },
  ];
}

/** Reads that name a row. */
function aimedReads(scene: Scene, select: boolean): Trial[] {
  const { table, seeded } = scene;
  const from = `from ${table.label} t`;
  return targets(scene).flatMap((world): Trial[] => {
    const row = seeded.rowOf(table, world);
    const expected = ifMay(select, oneIfSeen(scene, world));
    return [
      { operation: 'select', target: world.name, sql: `select ${from} where ${of(table, row)}`, expected },
      {
        operation: 'join',
        target: world.name,
        sql: `select ${from} left join ${table.label} u on ${of(table, row, 'u')} where u.id is not null limit 1`,
        expected,
      },
      {
        operation: 'union',
        target: world.name,
        sql: `select id from ${table.label} t where false union select id ${from} where ${of(table, row)}`,
        expected,
      },
    ];
  });
}
