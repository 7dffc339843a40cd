import { callerAddress, secondsOf, takeWithBurst } from '@bulkhead/platform/edge';
import type { BurstLimit, Limit, Verdict } from '@bulkhead/platform/edge';
import { parseEmail } from '@bulkhead/platform/identity';
import type { ProcedureMeta, RateClass } from '../contract/index.ts';
import type { Refusal } from '../problem/problem.ts';
import { RefusalError } from '../problem/refusal.ts';
import type { PlatformContext, PublicContext, SignedInContext } from '../rpc/context.ts';
import type { RequestScope } from '../rpc/scope.ts';
import type { Limits } from './parts.ts';
import { tieredClass, tierLimit } from './tiers.ts';

type CallerContext = PublicContext | SignedInContext | PlatformContext;

/** Counts each call of a procedure; a member of a batch is one. */
export type CallLimits = {
  /**
   * Before a session is read or a password compared: by the caller's address, and by the email address typed.
   *
   * @throws RefusalError rate_limited
   */
  before(meta: Partial<ProcedureMeta>, scope: RequestScope, input: unknown): Promise<void>;
  /**
   * Once it is known who calls: by account or API key, and by tenant.
   *
   * @throws RefusalError rate_limited
   */
  after(meta: Partial<ProcedureMeta>, scope: RequestScope, context: CallerContext): Promise<void>;
};

/** The limits of procedures. */
export function createCallLimits({
  limiter,
  policies,
  tiers,
}: Pick<Limits, 'limiter' | 'policies' | 'tiers'>): CallLimits {
  const takeEach = async (scope: RequestScope, limit: BurstLimit, caller: string): Promise<void> => {
    const verdicts = await takeWithBurst(limiter, limit, caller);
    for (const verdict of verdicts) scope.noteLimit(verdict);
    const [verdict] = verdicts;
    if (!verdict.admitted) throw new RefusalError(tooMany(verdict));
  };
  const take = async (scope: RequestScope, limit: Limit | undefined, caller: string): Promise<void> => {
    if (limit !== undefined) await takeEach(scope, { limit }, caller);
  };
  const takeOfTenant = async (
    rate: RateClass,
    scope: RequestScope,
    { tenant, session }: PlatformContext,
  ): Promise<void> => {
    const limit = policies.classes[rate].tenant;
    if (limit !== 'tier') return take(scope, limit, `tenant ${tenant}`);
    const caps = await tiers.capsOf(tenant, session);
    await takeEach(scope, tierLimit(tieredClass(rate), caps), `tenant ${tenant}`);
  };
  return {
    before: async ({ rate, permission }, scope, input) => {
      const { ip, account } = policies.classes[rate ?? 'write'];
      const proves = rate === 'sign-in' || rate === 'forgot';
      // Whoever is signed in is counted as that, afterwards.
      if (!proves && permission !== 'public') return;
      const address = `ip ${callerAddress(scope.ip)}`;
      await take(scope, ip, address);
      if (!proves) return take(scope, account, address);
      const typed = typedAddress(input);
      if (typed !== undefined) await take(scope, account, `email ${typed}`);
    },
    after: async ({ rate }, scope, context) => {
      const { account } = policies.classes[rate ?? 'write'];
      if ('actor' in context) {
        await take(scope, account, `${context.actor.kind} ${context.actor.id}`);
        await takeOfTenant(rate ?? 'write', scope, context);
      } else if ('signedIn' in context) {
        await take(scope, account, `account ${context.signedIn.account.id}`);
      }
    },
  };
}

/** The answer to one request too many, the same for everybody. */
export function tooMany({ retryIn, resetsIn }: Verdict): Refusal {
  const retryAfter = secondsOf(retryIn ?? resetsIn);
  return {
    status: 429,
    code: 'rate_limited',
    message: `Too many requests. Try again in ${retryAfter} ${retryAfter === 1 ? 'second' : 'seconds'}.`,
    retryAfter,
  };
}

/** What was typed as an email address, as whoever has it is found; what can be none counts as it is. */
function typedAddress(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('email' in input)) return undefined;
  const { email } = input;
  if (typeof email !== 'string') return undefined;
  try {
    return parseEmail(email).normalised;
  } catch {
    return email.slice(0, 254).trim().toLowerCase();
  }
}
