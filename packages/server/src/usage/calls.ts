import type { CallLimits } from '../limits/calls.ts';
import { tieredClass } from '../limits/tiers.ts';
import { RefusalError } from '../problem/refusal.ts';
import type { UsageCounter } from './counter.ts';

/** Counts, for the tenant they act in, what the limits let pass and what they refuse; without limits all of it passes. */
export function countUsage(
  usage: Pick<UsageCounter, 'count'> | undefined,
  limits: CallLimits | undefined,
): CallLimits | undefined {
  if (usage === undefined) return limits;
  return {
    before: async (meta, scope, input) => limits?.before(meta, scope, input),
    after: async (meta, scope, context) => {
      const request =
        'actor' in context ? { tenant: context.tenant, rate: tieredClass(meta.rate) } : undefined;
      try {
        await limits?.after(meta, scope, context);
      } catch (error) {
        if (request !== undefined && isRateRefusal(error)) usage.count({ ...request, refused: true });
        throw error;
      }
      if (request !== undefined) usage.count({ ...request, refused: false });
    },
  };
}

function isRateRefusal(error: unknown): boolean {
  return error instanceof RefusalError && error.refusal.status === 429;
}
