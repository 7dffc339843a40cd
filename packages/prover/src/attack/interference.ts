import { Arena } from './arena.ts';
import { becomeSql, type World } from './identity.ts';
import { describe, type Outcome, type Trial } from './outcome.ts';
import type { Powers } from './roles.ts';
import type { Seeder } from './seed.ts';
import type { Conclusion, Row, Side } from './types.ts';
import { inconclusive, leaked, notApplicable, refused } from './verdict.ts';

/** Something that answers without saying whose rows it read: a view without the tenant column, or a function. */
export type Subject = {
  /** relation ids of the tenant tables it reads */
  bases: readonly string[];
  /** queries to try, given the other tenant's rows */
  queries: (theirs: readonly Row[]) => string[];
};

export type Interference = {
  arena: Arena;
  seeder: Seeder;
  worlds: Readonly<Record<Side, World>>;
  powers: Powers;
};

type Seen = { ours: Trial; again: Outcome; control: Outcome[] };

/**
 * Non-interference: what we are answered must not depend on whether the other tenant's rows are there. Asks with them
 * and without, and shows by the same question put to somebody with a right to them that the answer could differ.
 */
export async function observe(source: Interference, subject: Subject): Promise<Conclusion> {
  const { arena, seeder } = source;
  for (const base of subject.bases) await seeder.row(base, 'ours');
  await arena.mark();
  await arena.trial(['select 1']);
  const theirs: Row[] = [];
  for (const base of subject.bases) {
    const row = await seeder.row(base, 'theirs');
    if (row !== null) theirs.push(row);
  }
  if (theirs.length === 0)
    return inconclusive(seeder.troubles.at(-1) ?? 'no row of the other tenant could be made');
  await arena.mark();
  const journal = [...arena.journal];
  const queries = subject.queries(theirs);
  const having = await askAll(source, queries);
  await arena.unmark();
  const lacking = await askAll(source, queries);
  return { ...compare(having, lacking), journal };
}

async function askAll({ arena, worlds, powers }: Interference, queries: readonly string[]): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const query of queries) {
    const ask = (...before: string[]) => arena.trial([...before, query]);
    const ours = await ask(becomeSql(worlds.ours.identity));
    const again = await ask(becomeSql(worlds.ours.identity));
    const control = [await ask(becomeSql(worlds.theirs.identity)), ...(powers.exempt ? [await ask()] : [])];
    seen.push({ ours, again: again.outcome, control: control.map(({ outcome }) => outcome) });
  }
  return seen;
}

function compare(having: readonly Seen[], lacking: readonly Seen[]): Conclusion {
  const [first] = having;
  if (first === undefined) return inconclusive('no call could be built');
  let proven = false;
  for (const [at, seen] of having.entries()) {
    const without = lacking[at];
    if (without === undefined) continue;
    const { outcome } = seen.ours;
    if (outcome.kind === 'error' && outcome.refusal === 'timeout')
      return inconclusive('the time limit ended it', describe(outcome));
    const stable = text(outcome) === text(seen.again) && text(without.ours.outcome) === text(without.again);
    if (stable && text(outcome) !== text(without.ours.outcome)) return leaked(seen.ours);
    proven ||= stable && seen.control.some((control, each) => text(control) !== text(without.control[each]));
  }
  const { outcome } = first.ours;
  if (
    having.every(
      ({ ours }) => ours.outcome.kind === 'error' && ['privilege', 'policy'].includes(ours.outcome.refusal),
    )
  )
    return refused(describe(outcome));
  if (proven) return refused(`the same answer with their row and without: ${describe(outcome)}`);
  if (outcome.kind === 'rows' && having.length === 1 && !first.ours.steps.at(-1)?.includes('::'))
    return notApplicable('its answer depends on the row for nobody, and nothing is left to ask it');
  return inconclusive('its answer depends on the row for nobody, so it shows nothing', describe(outcome));
}

const text = (outcome: Outcome | undefined): string =>
  outcome === undefined || outcome.kind === 'error'
    ? JSON.stringify(outcome ?? null)
    : JSON.stringify(outcome.values.map((row) => JSON.stringify(row)).toSorted((a, b) => (a < b ? -1 : 1)));

/** Whether calling it as us changes what the other tenant has. `digest` is a query for one text over their rows. */
export async function change(
  { arena, worlds, powers }: Interference,
  { calls, digest }: { calls: readonly string[]; digest: string },
): Promise<Conclusion | null> {
  const { identity } = worlds.ours;
  const look = powers.exempt ? [Arena.leaving(identity)] : [becomeSql(worlds.theirs.identity)];
  const before = await arena.trial([becomeSql(identity), ...look, digest]);
  if (before.outcome.kind === 'error') return null;
  const known = before.outcome.values[0]?.[0] ?? '';
  for (const call of calls) {
    const question = `select 1 as changed where (${digest}) is distinct from '${known}'`;
    const trial = await arena.trial([becomeSql(identity), call, ...look, question]);
    if (trial.outcome.kind === 'rows' && trial.outcome.count > 0) return leaked(trial);
  }
  return null;
}
