import type { Attack, Scene, TargetKind } from '../types.ts';
import { belongs, readable, tenantOf } from '../statement.ts';
import { identifier } from '../sql.ts';
import { judgeRead } from '../verdict.ts';

const everywhere: readonly TargetKind[] = ['table', 'child', 'view'];

/** Each query gives rows exactly when the other tenant's are seen. */
function reading(id: string, title: string, query: (scene: Scene) => string): Attack {
  return {
    id,
    title,
    threat: 'tenant',
    writes: false,
    cites: ['PRO-2', 'ISO-3', 'T-4'],
    kinds: everywhere,
    run: async (scene) => judgeRead(scene, await scene.run([scene.as('ours'), query(scene)])),
  };
}

const column = (scene: Scene): string => identifier(scene.target.column?.name ?? '');

export const reads: readonly Attack[] = [
  reading(
    'read',
    "select the other tenant's rows",
    (scene) => `select ${readable(scene)} from ${scene.target.label} where ${belongs(scene, 'theirs')}`,
  ),
  reading(
    'count',
    'count rows of anybody else',
    (scene) =>
      `select count(*) from ${scene.target.label} where ${column(scene)} is distinct from ${tenantOf(scene, 'ours')} having count(*) > 0`,
  ),
  reading(
    'aggregate',
    "find the other tenant's value in an aggregate",
    (scene) =>
      `select a.tenants from (select array_agg(distinct ${column(scene)}::text) as tenants from ${scene.target.label}) a where ${tenantOf(scene, 'theirs')}::text = any (a.tenants)`,
  ),
  reading(
    'join',
    "join the other tenant's rows to our own",
    (scene) =>
      `select b.${column(scene)} from (values (${tenantOf(scene, 'theirs')})) a (tenant) left join lateral (select ${column(scene)} from ${scene.target.label} where ${column(scene)}::text = a.tenant::text) b on true where b.${column(scene)} is not null`,
  ),
  reading(
    'exists',
    "ask whether the other tenant's rows exist",
    (scene) =>
      `select 1 as known where exists (select from ${scene.target.label} where ${belongs(scene, 'theirs')})`,
  ),
];

/** An operator that is not leakproof must not see a row before the policy has. */
export const errorOracle: Attack = {
  id: 'error oracle',
  title: 'make a function that fails look at rows before the policy does',
  threat: 'tenant',
  writes: false,
  cites: ['PRO-2', 'T-6', 'T-13'],
  kinds: everywhere,
  run: async (scene) => {
    const probe = `select 1 as safe from ${scene.target.label} where 1 / (case when ${column(scene)}::text = ${tenantOf(scene, 'theirs')}::text then 0 else 1 end) = 0`;
    const trial = await scene.run([scene.as('ours'), probe]);
    if (trial.outcome.kind === 'error' && trial.outcome.sqlstate === '22012')
      return { verdict: 'leaked', evidence: 'ERROR:  division by zero', reason: null, steps: trial.steps };
    return judgeRead(scene, trial);
  },
};
