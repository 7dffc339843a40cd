import type { Session } from '@bulkhead/platform/identity';
import type { ModuleContext } from '../module.ts';
import type { RequestScope } from './scope.ts';

/** What the platform's own handlers of public procedures receive. */
export type PublicContext = { scope: RequestScope };

/** What its handlers of procedures for anybody signed in receive. */
export type SignedInContext = PublicContext & { signedIn: Session };

/** What its handlers behind a permission receive. */
export type PlatformContext = ModuleContext & {
  /** Companies the actor is limited to; null: every company. */
  companyIds: readonly string[] | null;
  /**
   * For what is dangerous only with some inputs; what always is says `stepUp: true` in its contract.
   *
   * @throws PlatformError step_up_required
   */
  requireStepUp: () => Promise<void>;
};
