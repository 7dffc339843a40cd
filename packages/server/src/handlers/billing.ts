import { openCheckout, openPortal, readStanding } from '@bulkhead/platform/billing';
import { implement } from '@orpc/server';
import { billingContract } from '../contract/billing.ts';
import type { PlatformContext } from '../rpc/context.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** What a tenant pays for. */
export function billingHandlers({ identity, billing: { stripe, origin } }: HandlerDependencies) {
  const permitted = implement(billingContract).$context<PlatformContext>();
  const buying = ({ session, tenant }: PlatformContext) => ({
    session,
    tenantId: tenant,
    service: identity,
    clock: identity.clock,
    stripe,
    returnUrl: `${origin()}/billing`,
  });
  return {
    standing: permitted.standing.handler(async ({ context: { session } }) => {
      const { graceUntil, periodEnd, offers, ...standing } = await readStanding(session);
      return {
        ...standing,
        graceUntil: graceUntil?.toISOString() ?? null,
        periodEnd: periodEnd?.toISOString() ?? null,
        offers: stripe === undefined ? [] : offers,
      };
    }),
    checkout: permitted.checkout.handler(({ input, context }) => openCheckout(buying(context), input)),
    portal: permitted.portal.handler(({ context }) => openPortal(buying(context))),
  };
}
