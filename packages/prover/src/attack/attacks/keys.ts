import type { ForeignKey, Key } from '../../catalog/types.ts';
import { insertion } from '../draft.ts';
import { describe } from '../outcome.ts';
import { columnOf, identifier, labelOf, listed } from '../sql.ts';
import { another, belongs, changeable, locator, tenantOf } from '../statement.ts';
import type { Attack, Conclusion, Row, Scene } from '../types.ts';
import { inconclusive, judgeWrite, leaked, notApplicable, refused } from '../verdict.ts';

const tables = ['table', 'child'] as const;
const common = { threat: 'tenant', writes: true, kinds: tables } as const;

/** Keys in which a tenant chooses the value; nobody can guess, and nothing is told by, one that the database made. */
function chosenKeys({ target, rows }: Scene): Key[] {
  return target.base.keys.filter(({ columns, predicate }) => {
    if (columns.includes(target.column?.name ?? '')) return false;
    if (predicate !== null || columns.length === 0) return false;
    return columns.every((name) => {
      const column = columnOf(target.base, name);
      const made = column === undefined || column.identity !== null || column.baseType === 'uuid';
      return (
        !made &&
        !/nextval|gen_random|uuid/.test(column.defaultExpression ?? '') &&
        name in (rows.theirs ?? {})
      );
    });
  });
}

/** Our own new row with the other tenant's values in a key. */
function colliding(scene: Scene, key: Key): Row | null {
  const theirs = scene.rows.theirs;
  if (theirs === null) return null;
  return another(
    scene,
    'ours',
    Object.fromEntries(key.columns.map((name) => [name, theirs[name] ?? 'null'])),
  );
}

export const uniqueness: Attack = {
  ...common,
  id: 'uniqueness',
  title: 'learn from a unique key that the other tenant has a value',
  cites: ['PRO-2', 'T-11'],
  run: async (scene) => {
    const keys = chosenKeys(scene);
    if (keys.length === 0)
      return notApplicable('every key with chosen values contains the tenant, or there is none');
    let last: Conclusion | null = null;
    for (const key of keys) {
      const row = colliding(scene, key);
      if (row === null) return inconclusive(scene.trouble ?? 'no row could be made');
      const trial = await scene.run([scene.as('ours'), insertion(scene.target.base, row)]);
      const { outcome } = trial;
      if (outcome.kind === 'error' && (outcome.sqlstate === '23505' || outcome.sqlstate === '23P01')) {
        if (outcome.constraint === key.name) return leaked(trial);
        last = inconclusive('another key said no first, which may be of our own row', describe(outcome));
        continue;
      }
      last = outcome.kind === 'rows' ? refused('the value was free') : await judgeWrite(scene, trial);
    }
    return last ?? notApplicable('no key');
  },
};

export const upsert: Attack = {
  ...common,
  id: 'upsert',
  title: "overwrite the other tenant's row by ON CONFLICT DO UPDATE",
  cites: ['PRO-2', 'ISO-3'],
  run: async (scene) => {
    const theirs = scene.rows.theirs;
    const keys = scene.target.base.keys.filter(
      ({ kind, predicate, columns }) =>
        kind !== 'exclusion' && predicate === null && columns.every((name) => name in (theirs ?? {})),
    );
    if (scene.target.base.keys.length === 0) return notApplicable('no key to conflict with');
    const set = changeable(scene);
    if (set === null) return refused('42501 permission denied: no column may be updated');
    if (keys.length === 0) return inconclusive(scene.trouble ?? 'no key that a conflict can be built on');
    let last: Conclusion | null = null;
    for (const key of keys) {
      const row = colliding(scene, key);
      if (row === null) return inconclusive(scene.trouble ?? 'no row could be made');
      const name = identifier(set.name);
      const trial = await scene.run([
        scene.as('ours'),
        `${insertion(scene.target.base, row)} on conflict (${listed(key.columns)}) do update set ${name} = excluded.${name}`,
      ]);
      last = await judgeWrite(scene, trial);
      if (last.verdict !== 'refused') return last;
    }
    return last ?? notApplicable('no key');
  },
};

/** Keys to tables of tenants' rows, apart from one to the table of tenants by the tenant column alone. */
function references({ target, parent }: Scene): ForeignKey[] {
  return target.base.foreignKeys.filter(
    ({ columns, parentId }) =>
      columns.some((name) => name !== target.column?.name) && parent(parentId, 'theirs') !== null,
  );
}

/** Values that refer to a side's parent row, but for the tenant column, which stays the child's own. */
function reference(scene: Scene, key: ForeignKey, side: 'ours' | 'theirs'): Row {
  const parent = scene.parent(key.parentId, side) ?? {};
  const pairs = key.columns.map((name, at): [string, string] => [
    name,
    parent[key.parentColumns[at] ?? ''] ?? 'null',
  ]);
  return Object.fromEntries(pairs.filter(([name]) => name !== scene.target.column?.name));
}

export const referring: Attack = {
  ...common,
  id: 'reference',
  title: "refer to the other tenant's row from our own",
  cites: ['PRO-2', 'T-10'],
  run: async (scene) => {
    const keys = references(scene);
    if (keys.length === 0) return notApplicable('refers to no table of tenants');
    for (const key of keys) {
      const tried = await tryReference(scene, key);
      const conclusion =
        tried.verdict === 'inconclusive' && holdsTenant(scene, key) ? refused(byKey(key, tried)) : tried;
      if (conclusion.verdict !== 'refused') return conclusion;
      if (key === keys.at(-1)) return conclusion;
    }
    return notApplicable('refers to no table of tenants');
  },
};

/** A key over both tenant columns: a row that must be ours cannot name theirs, whatever else refuses it first. */
function holdsTenant({ target, model }: Scene, key: ForeignKey): boolean {
  const parent = model.tables.find(({ relationId }) => relationId === key.parentId);
  return key.columns.some(
    (name, at) => name === target.column?.name && key.parentColumns[at] === parent?.column,
  );
}

const byKey = ({ name }: ForeignKey, { evidence }: Conclusion): string =>
  `key ${name} is over the tenant column of both tables${evidence === null ? '' : `; here: ${evidence}`}`;

async function tryReference(scene: Scene, key: ForeignKey): Promise<Conclusion> {
  const row = another(scene, 'ours', reference(scene, key, 'theirs'));
  const own = another(scene, 'ours', reference(scene, key, 'ours'));
  if (row === null || own === null) return inconclusive(scene.trouble ?? 'no row could be made');
  const first = await scene.run([scene.as('ours'), insertion(scene.target.base, row)]);
  // Where the key has room for one row of each tenant, our own makes way.
  const full = first.outcome.kind === 'error' && first.outcome.sqlstate === '23505';
  const way = full
    ? [
        scene.asOwner('ours'),
        `delete from ${scene.target.label} where ${locator(scene, 'ours') ?? belongs(scene, 'ours')}`,
      ]
    : [];
  const trial = full ? await scene.run([...way, scene.as('ours'), insertion(scene.target.base, row)]) : first;
  const { outcome } = trial;
  if (outcome.kind !== 'error' || outcome.refusal === 'timeout') return judgeWrite(scene, trial);
  if (outcome.refusal === 'privilege' || outcome.refusal === 'policy') return refused(describe(outcome));
  // Here the wall is a key over the tenant as well: it must say no, and yes to the same with a parent of our own.
  const control = await scene.run([...way, scene.as('ours'), insertion(scene.target.base, own)]);
  if (control.outcome.kind === 'rows') return refused(describe(outcome));
  return inconclusive('the same reference to our own row fails as well', describe(control.outcome));
}

export const cascade: Attack = {
  ...common,
  id: 'cascade',
  title: "delete our own row and with it, by a key, the other tenant's",
  cites: ['PRO-2', 'T-10'],
  run: async (scene) => {
    const keys = references(scene).filter(({ onDelete }) => !['no action', 'restrict'].includes(onDelete));
    if (keys.length === 0) return notApplicable('no key of it cascades from a table of tenants');
    for (const key of keys) {
      const conclusion = await tryCascade(scene, key);
      if (conclusion.verdict !== 'refused' || key === keys.at(-1)) return conclusion;
    }
    return notApplicable('no key of it cascades from a table of tenants');
  },
};

async function tryCascade(scene: Scene, key: ForeignKey): Promise<Conclusion> {
  const { base, column } = scene.target;
  const parent = scene.relations.get(key.parentId);
  const ours = scene.parent(key.parentId, 'ours');
  const child = another(scene, 'theirs', reference(scene, key, 'ours'));
  if (parent === undefined || ours === null || child === null)
    return inconclusive(scene.trouble ?? 'no row could be made');
  const place = [scene.as('theirs'), insertion(base, child)];
  const placed = await scene.run(place);
  if (placed.outcome.kind === 'error')
    return placed.outcome.refusal === 'timeout'
      ? inconclusive('the time limit ended it', describe(placed.outcome))
      : refused(`their row cannot refer to ours: ${describe(placed.outcome)}`);
  const found = key.columns.map(
    (name, at) => `${identifier(name)} = ${ours[key.parentColumns[at] ?? ''] ?? 'null'}`,
  );
  const mine = key.parentColumns.map((name) => `${identifier(name)} = ${ours[name] ?? 'null'}`).join(' and ');
  const gone = `select 1 as gone where not exists (select from ${labelOf(base)} where ${[...found, `${identifier(column?.name ?? '')} = ${tenantOf(scene, 'theirs')}`].join(' and ')})`;
  const before = await scene.run([...place, gone]);
  if (before.outcome.kind === 'rows' && before.outcome.count > 0)
    return inconclusive('the other tenant does not see its own row', describe(before.outcome));
  const trial = await scene.run([
    ...place,
    scene.as('ours'),
    `delete from ${labelOf(parent)} where ${mine}`,
    scene.as('theirs'),
    gone,
  ]);
  if (trial.outcome.kind === 'rows' && trial.outcome.count > 0) return leaked(trial);
  return refused(trial.outcome.kind === 'error' ? describe(trial.outcome) : 'the row is still there');
}
