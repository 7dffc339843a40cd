import { identifier, quote } from '../sql.ts';
import type { Attack } from '../types.ts';
import { inconclusive, judgeSilence, leaked, refused } from '../verdict.ts';
import { describe } from '../outcome.ts';

/** Whoever runs SQL may choose the plan, and one without an index filters every row. */
const byScan =
  'set local enable_indexscan = off; set local enable_indexonlyscan = off; set local enable_bitmapscan = off';

/** EXPLAIN tells how many rows a policy took away. */
export const explain: Attack = {
  id: 'explain',
  title: "count the other tenant's rows in what EXPLAIN ANALYZE says was filtered",
  threat: 'side channel',
  writes: false,
  cites: ['PRO-2', 'T-12'],
  kinds: ['table', 'child', 'view'],
  run: async (scene) => {
    const plan = `explain (analyze, costs off, timing off, summary off) select from ${scene.target.label}`;
    // No condition of our own, so that what is filtered was filtered by a policy.
    const trial = await scene.run([scene.as('ours'), byScan, plan]);
    const { outcome } = trial;
    if (outcome.kind === 'error') return judgeSilence(scene, outcome);
    const told = outcome.values.flatMap(
      ([line]) => /Rows Removed by Filter: [1-9]\d*/.exec(line ?? '')?.[0] ?? [],
    );
    const [first] = told;
    if (first !== undefined) return leaked(trial, first);
    if (!scene.theirsExists) return judgeSilence(scene, outcome);
    return refused('no number of filtered rows is told');
  },
};

/** pg_stats shows common values of columns unless row security is active for whoever asks. */
export const statistics: Attack = {
  id: 'statistics',
  title: "find the other tenants' values in pg_stats",
  threat: 'side channel',
  writes: false,
  cites: ['PRO-2', 'T-13'],
  kinds: ['table', 'child'],
  run: async (scene) => {
    const { relation, column } = scene.target;
    const where = `schemaname = ${quote(relation.schema)} and tablename = ${quote(relation.name)}`;
    const trial = await scene.run([
      scene.as('ours'),
      `select attname from pg_catalog.pg_stats where ${where} and (most_common_vals is not null or histogram_bounds is not null)`,
    ]);
    if (trial.outcome.kind === 'rows' && trial.outcome.count > 0) return leaked(trial);
    if (trial.outcome.kind === 'error') return judgeSilence(scene, trial.outcome);
    const hidden = await scene.run([
      scene.as('ours'),
      `select 1 where row_security_active(${quote(scene.target.label)}::regclass) or not has_column_privilege(${quote(scene.target.label)}::regclass, ${quote(column?.name ?? '')}, 'select')`,
    ]);
    if (hidden.outcome.kind === 'rows' && hidden.outcome.count > 0)
      return refused('pg_stats hides them: row security is active');
    if (hidden.outcome.kind === 'error') return judgeSilence(scene, hidden.outcome);
    return inconclusive(
      `${identifier(relation.name)} has not been analysed, so there are no statistics to show`,
      describe(trial.outcome),
    );
  },
};
