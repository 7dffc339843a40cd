import { insertion } from '../draft.ts';
import { identifier } from '../sql.ts';
import { another, belongs, changeable, locator, tenantOf } from '../statement.ts';
import type { Attack, Conclusion, Row, Scene, Side } from '../types.ts';
import { inconclusive, judgeWrite, leaked, notApplicable, refused } from '../verdict.ts';
import { describe, type Trial } from '../outcome.ts';

const everywhere = ['table', 'child', 'view'] as const;
const common = { threat: 'tenant', writes: true, kinds: everywhere } as const;

const add = (scene: Scene, row: Row): string => insertion(scene.target.base, row, scene.target.label);

/**
 * Counts the rows it lets through without naming a column, and stops letting them through where more than our own have
 * passed by a good many.
 */
const counter = ({ oursCount }: Scene): string =>
  `set_config('bulkhead_prover.rows', (coalesce(nullif(current_setting('bulkhead_prover.rows', true), ''), '0')::int + 1)::text, true)::int <= ${oursCount + 1000}`;

export const insert: Attack = {
  ...common,
  id: 'insert',
  title: 'insert a row for the other tenant',
  cites: ['PRO-2', 'ISO-3', 'T-3'],
  run: async (scene) => {
    const row = another(scene, 'theirs');
    if (row === null) return withoutRow(scene, 'insert');
    const own = another(scene, 'ours');
    const control = own === null ? undefined : [scene.as('ours'), add(scene, own)];
    const trial = await scene.run([scene.as('ours'), add(scene, row)]);
    const { outcome } = trial;
    if (outcome.kind === 'error' && outcome.refusal === 'trigger')
      return pastTriggers(scene, trial, { row, control });
    if (outcome.kind !== 'error' || outcome.sqlstate !== '23505') return judgeWrite(scene, trial, control);
    // The key has room for one row of each tenant: theirs makes way first.
    const key = locator(scene, 'theirs') ?? belongs(scene, 'theirs');
    const removal = [scene.asOwner('theirs'), `delete from ${scene.target.label} where ${key}`];
    return judgeWrite(scene, await scene.run([...removal, scene.as('ours'), add(scene, row)]), control);
  },
};

/** A trigger said no before a policy was asked. A superuser can see what the policy says with triggers off. */
async function pastTriggers(
  scene: Scene,
  trial: Trial,
  { row, control }: { row: Row; control: readonly string[] | undefined },
): Promise<Conclusion> {
  const judged = await judgeWrite(scene, trial, control);
  if (judged.verdict !== 'inconclusive' || !scene.superuser) return judged;
  const off = 'set local session_replication_role = replica';
  const { outcome } = await scene.run([scene.asOwner('ours'), off, scene.as('ours'), add(scene, row)]);
  if (outcome.kind === 'error' && ['policy', 'privilege'].includes(outcome.refusal))
    return refused(`${describe(outcome)} (with triggers off; with them on: ${judged.evidence ?? ''})`);
  return judged;
}

/** Without a row to copy, a refusal by privilege can still be had. */
async function withoutRow(scene: Scene, verb: 'insert'): Promise<Conclusion> {
  if (scene.target.can[verb].size === 0) {
    const trial = await scene.run([scene.as('ours'), `insert into ${scene.target.label} default values`]);
    if (trial.outcome.kind === 'error' && trial.outcome.refusal === 'privilege')
      return refused(describe(trial.outcome));
  }
  return inconclusive(scene.trouble ?? 'no row could be made');
}

/** A tenant's row that we made, and no other of a tenant that has many. */
const aim = (scene: Scene, side: Side): string => {
  const key = locator(scene, side);
  const names = scene.target.base.keys.find(({ kind }) => kind === 'primary')?.columns ?? [];
  const readable = key !== null && names.every((name) => scene.target.can.select.has(name));
  return readable ? `${belongs(scene, side)} and ${key}` : belongs(scene, side);
};

export const update: Attack = {
  ...common,
  id: 'update',
  title: "change the other tenant's rows",
  cites: ['PRO-2', 'ISO-3', 'T-3'],
  run: async (scene) => {
    const name = identifier((changeable(scene) ?? scene.target.column)?.name ?? '');
    const change = (side: Side) => [
      scene.as('ours'),
      `update ${scene.target.label} set ${name} = ${name} where ${aim(scene, side)}`,
    ];
    return judgeWrite(scene, await scene.run(change('theirs')), change('ours'));
  },
};

export const remove: Attack = {
  ...common,
  id: 'delete',
  title: "delete the other tenant's rows",
  cites: ['PRO-2', 'ISO-3', 'T-4'],
  run: async (scene) => {
    const removal = (side: Side) => [
      scene.as('ours'),
      `delete from ${scene.target.label} where ${aim(scene, side)}`,
    ];
    return judgeWrite(scene, await scene.run(removal('theirs')), removal('ours'));
  },
};

export const move: Attack = {
  ...common,
  id: 'move',
  title: 'hand our own row over to the other tenant',
  cites: ['PRO-2', 'ISO-3', 'T-3'],
  run: async (scene) => {
    const name = identifier(scene.target.column?.name ?? '');
    const ours = locator(scene, 'ours') ?? belongs(scene, 'ours');
    const change = (side: Side) =>
      `update ${scene.target.label} set ${name} = ${tenantOf(scene, side)} where ${ours}`;
    const trial = await scene.run([scene.as('ours'), change('theirs')]);
    if (trial.outcome.kind === 'error' && trial.outcome.sqlstate === '23505') {
      const key = locator(scene, 'theirs') ?? belongs(scene, 'theirs');
      const removal = `delete from ${scene.target.label} where ${key}`;
      return judgeWrite(
        scene,
        await scene.run([scene.asOwner('theirs'), removal, scene.as('ours'), change('theirs')]),
      );
    }
    const aimed = await judgeWrite(scene, trial, [scene.as('ours'), change('ours')]);
    if (trial.outcome.kind !== 'error' || trial.outcome.refusal !== 'policy') return aimed;
    // A condition brings the policies for SELECT in, which the new row must pass too; without one they are not asked.
    const blind = `update ${scene.target.label} set ${name} = ${tenantOf(scene, 'theirs')} where ${counter(scene)}`;
    const unseen = await scene.run([scene.as('ours'), blind]);
    return unseen.outcome.kind === 'rows' && unseen.outcome.count > 0 ? leaked(unseen) : aimed;
  },
};

/** Names no column in any condition, so that Postgres never consults the policies for SELECT. */
function unfiltered(id: string, title: string, statement: (scene: Scene) => string | null): Attack {
  return {
    ...common,
    id,
    title,
    cites: ['PRO-2', 'ISO-3', 'T-5'],
    run: async (scene) => {
      const bare = statement(scene);
      if (bare === null) return refused('42501 permission denied: no column may be updated');
      const trial = await scene.run([scene.as('ours'), `${bare} where ${counter(scene)}`]);
      const { outcome } = trial;
      if (outcome.kind === 'error') return judgeWrite(scene, trial);
      if (!scene.theirsExists) return judgeWrite(scene, { ...trial, outcome: { ...outcome, count: 0 } });
      if (outcome.count > scene.oursCount) return leaked(trial);
      if (outcome.count > 0) return refused(`${outcome.count} of our own`);
      return judgeWrite(scene, trial);
    },
  };
}

export const unfilteredUpdate = unfiltered('update all', 'update without WHERE', (scene) => {
  const column = changeable(scene);
  if (column === null) return null;
  // A column on the right hand would bring the policies for SELECT in.
  const value = scene.rows.ours?.[column.name] ?? 'default';
  return `update ${scene.target.label} set ${identifier(column.name)} = ${value}`;
});

/** Where the new row satisfies a policy that asks nothing of the old one, the other tenants lose theirs. */
export const takeOver = unfiltered(
  'take over',
  "make the other tenants' rows our own by an update without WHERE",
  (scene) => {
    const { column, can, label } = scene.target;
    if (column === null || !can.update.has(column.name)) return null;
    return `update ${label} set ${identifier(column.name)} = ${tenantOf(scene, 'ours')}`;
  },
);

export const unfilteredDelete = unfiltered(
  'delete all',
  'delete without WHERE',
  ({ target }) => `delete from ${target.label}`,
);

export const truncate: Attack = {
  id: 'truncate',
  title: 'empty the table, which no policy governs',
  threat: 'tenant',
  writes: false,
  cites: ['PRO-2', 'T-9'],
  kinds: ['table', 'child'],
  run: async (scene) => {
    const { can, relation, label } = scene.target;
    const referenced = [...scene.relations.values()].some(({ foreignKeys }) =>
      foreignKeys.some(({ parentId }) => parentId === relation.id),
    );
    if (can.truncate) {
      // Truncating locks everybody out, if only until it is rolled back; that the privilege is held says as much.
      const step = `truncate ${label}${referenced ? ' cascade' : ''}`;
      return leaked(
        { steps: [scene.as('ours'), step], outcome: { kind: 'rows', tag: 'TRUNCATE', count: 0, values: [] } },
        'TRUNCATE TABLE',
      );
    }
    if (relation.kind === 'f') return notApplicable('a foreign table');
    return refused('42501 the role does not hold TRUNCATE');
  },
};
