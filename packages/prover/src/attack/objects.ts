import type { Cell } from '../findings.ts';
import { cellOf, seederOf, type Campaign } from './campaign.ts';
import { becomeSql, tenantLiteral } from './identity.ts';
import { changing, observing } from './attacks/titles.ts';
import { change, observe } from './interference.ts';
import { describe } from './outcome.ts';
import { callsOf, type Definer } from './routines.ts';
import { columnOf, identifier, labelOf } from './sql.ts';
import type { AttackTitle, Conclusion, Row, Target } from './types.ts';
import { inconclusive, leaked, notApplicable, refused } from './verdict.ts';

/** A view that does not show whose rows it reads, or that stores them. */
export async function attackView(campaign: Campaign, target: Target): Promise<Cell[]> {
  const { seeder } = seederOf(campaign);
  const queries = (): string[] => [`select * from ${target.label}`];
  const conclusion =
    target.relation.kind === 'm'
      ? await stored(campaign, target)
      : await observe({ ...campaign, seeder }, { bases: basesOf(campaign, target), queries });
  return [cellOf(campaign, { label: target.label, attack: observing, conclusion })];
}

/** A materialized view answers from what it stored; a row made now would not show in it before it is refreshed. */
async function stored({ arena, worlds }: Campaign, { can, column, label }: Target): Promise<Conclusion> {
  if (can.select.size === 0) return refused('42501 the role may not select from it');
  if (column === null)
    return inconclusive('a materialized view without the tenant column: what it stored cannot be told apart');
  await arena.mark();
  const mine = tenantLiteral(worlds.ours.values, column);
  const trial = await arena.trial([
    becomeSql(worlds.ours.identity),
    `select distinct ${identifier(column.name)} from ${label} where ${identifier(column.name)} is distinct from ${mine} limit 10`,
  ]);
  if (trial.outcome.kind === 'rows' && trial.outcome.count > 0) return leaked(trial);
  if (trial.outcome.kind === 'error') return refused(describe(trial.outcome));
  return inconclusive('a materialized view that the role may read, and that stores no row at present');
}

function basesOf({ relations, tables }: Campaign, { relation }: Target): string[] {
  const found = new Set(relation.reads);
  for (const id of found) for (const read of relations.get(id)?.reads ?? []) found.add(read);
  return [...found].filter((id) => tables.has(id));
}

/** A function that runs with its owner's rights. */
export async function attackDefiner(campaign: Campaign, definer: Definer): Promise<Cell[]> {
  const label = `function ${definer.label}`;
  const cell = (attack: AttackTitle, conclusion: Conclusion): Cell =>
    cellOf(campaign, { label, attack, conclusion });
  if (!definer.mayExecute) return [cell(observing, refused('42501 the role may not execute it'))];
  if (definer.danger !== null) return [cell(observing, inconclusive(definer.danger))];
  const { seeder } = seederOf(campaign);
  const { worlds, arena } = campaign;
  const queries = (rows: readonly Row[]): string[] => callsOf(definer, worlds.theirs, rows);
  const seen = await observe({ ...campaign, seeder }, { bases: definer.bases, queries });
  const silent = seen.verdict === 'inconclusive' && !definer.answers;
  const cells = [cell(observing, silent ? notApplicable('it answers nothing') : seen)];
  // The rows went with the savepoint that held them.
  const again = seederOf(campaign);
  await arena.trial(['select 1']);
  const rows: Row[] = [];
  for (const base of definer.bases) rows.push((await again.seeder.row(base, 'theirs')) ?? {});
  await arena.mark();
  const changed = await change(
    { ...campaign, seeder: again.seeder },
    { calls: queries(rows), digest: digestOf(campaign, definer.bases) },
  );
  if (changed !== null) cells.push(cell(changing, changed));
  return cells;
}

/** One text over all rows of theirs in the tables. */
function digestOf({ relations, tables, worlds }: Campaign, bases: readonly string[]): string {
  const parts = bases.flatMap((id) => {
    const relation = relations.get(id);
    const column = relation === undefined ? undefined : columnOf(relation, tables.get(id)?.column ?? '');
    if (relation === undefined || column === undefined) return [];
    const mine = `${identifier(column.name)} = ${tenantLiteral(worlds.theirs.values, column)}`;
    return [
      `(select coalesce(md5(string_agg(x::text, ',' order by x::text)), '') from ${labelOf(relation)} x where ${mine})`,
    ];
  });
  return `select ${parts.join(' || ')}`;
}
