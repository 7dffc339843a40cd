import { describe, type Outcome, type Trial } from './outcome.ts';
import type { Conclusion, Scene } from './types.ts';

export const refused = (evidence: string): Conclusion => ({ verdict: 'refused', evidence, reason: null });
export const inconclusive = (reason: string, evidence: string | null = null): Conclusion => ({
  verdict: 'inconclusive',
  evidence,
  reason,
});
export const notApplicable = (reason: string): Conclusion => ({
  verdict: 'not applicable',
  evidence: null,
  reason,
});
export const leaked = (trial: Trial, evidence: string = shown(trial.outcome)): Conclusion => ({
  verdict: 'leaked',
  evidence,
  reason: null,
  steps: trial.steps,
});

/** What psql prints last for an outcome. */
export function shown(outcome: Outcome): string {
  if (outcome.kind === 'error') return `ERROR:  ${outcome.message}`;
  const { tag, count } = outcome;
  if (tag === 'INSERT') return `INSERT 0 ${count}`;
  if (tag === 'UPDATE' || tag === 'DELETE') return `${tag} ${count}`;
  return `(${describe(outcome)})`;
}

/** Judges a query that gives rows exactly when it leaks. */
export async function judgeRead(scene: Scene, trial: Trial): Promise<Conclusion> {
  const { outcome } = trial;
  if (outcome.kind === 'rows' && outcome.count > 0) return leaked(trial);
  return judgeSilence(scene, outcome);
}

/**
 * Judges a change that takes rows exactly when it leaks.
 *
 * @param control the same change for our own tenant: what shows that tenancy was the reason of an error
 */
export async function judgeWrite(
  scene: Scene,
  trial: Trial,
  control?: readonly string[],
): Promise<Conclusion> {
  const { outcome } = trial;
  if (outcome.kind === 'rows') return outcome.count > 0 ? leaked(trial) : judgeSilence(scene, outcome);
  if (outcome.refusal === 'constraint')
    return inconclusive('a constraint said no, which is no policy', describe(outcome));
  if (outcome.refusal === 'trigger' && control !== undefined) {
    const own = await scene.run(control);
    if (own.outcome.kind === 'rows' && own.outcome.count > 0) return refused(describe(outcome));
    return inconclusive('a trigger said no, to our own row as well', describe(outcome));
  }
  return judgeSilence(scene, outcome);
}

/** Judges zero rows or an error that is no constraint's. */
export async function judgeSilence(scene: Scene, outcome: Outcome): Promise<Conclusion> {
  if (outcome.kind === 'error' && outcome.refusal === 'timeout')
    return inconclusive('the time limit ended it', describe(outcome));
  if (outcome.kind === 'error' && (outcome.refusal === 'privilege' || outcome.refusal === 'policy'))
    return refused(describe(outcome));
  if (!scene.theirsExists)
    return inconclusive(
      scene.trouble ?? 'no row of the other tenant could be shown to exist',
      describe(outcome),
    );
  if (deniesAll(scene)) return refused(`${describe(outcome)}, no policy lets any row through`);
  const own = await scene.oursVisible();
  if (own.kind === 'rows' && own.count > 0) return refused(describe(outcome));
  if (own.kind === 'error' && own.refusal === 'privilege')
    return refused(`${describe(outcome)}, ${describe(own)}`);
  return inconclusive(
    'our own row is not visible either, so the assumed identity proves nothing',
    describe(own),
  );
}

/** Row security without a single permissive policy is refusal by default; whom it spares would have seen the row. */
function deniesAll({ target }: Scene): boolean {
  const { relation } = target;
  return relation.rls && !relation.policies.some(({ permissive }) => permissive);
}
