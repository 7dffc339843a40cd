import { oc } from '@orpc/contract';
import { commonErrors, platformErrorMap } from './errors.ts';

/**
 * What a caller must hold to run a procedure: a permission string
 * `<module>:<noun>.<verb>` in the request's tenant, `'signed-in'` (any session, no tenant
 * chosen), or `'public'` (anyone).
 */
export type Requirement = `${string}:${string}.${string}` | 'signed-in' | 'public';

/** How a procedure is counted by the rate limits. */
export type RateClass = 'read' | 'write' | 'sign-in' | 'forgot' | 'heavy';

/** Metadata every procedure carries; a procedure without `permission` stops start-up. */
export type ProcedureMeta = {
  permission: Requirement;
  rate: RateClass;
  /**
   * `tenant`: touches no company's data, so a membership limited to several companies need not
   * name one. Default `company`.
   */
  scope?: 'tenant' | 'company';
  /**
   * Dangerous: the session must have been proved within the last minutes, and with two factors where the account has
   * any; else 403 `step_up_required`, whose `acceptable` says how (`session.stepUp`). Default false.
   */
  stepUp?: boolean;
  /**
   * For `'signed-in'`: also open to a session that a tenant's own identity provider started, which else reaches nothing
   * of the account itself. Default false.
   */
  confined?: boolean;
  /** For `'signed-in'`: open to the service's operators alone; anybody else gets 403 `permission_refused`. Default false. */
  operator?: boolean;
  /** Largest request body in bytes, 1 to 67,108,864; default: the server's `http.bodyLimit` (1 MiB). */
  bodyLimit?: number;
};

const stepUpErrors = platformErrorMap('step_up_required');

/**
 * Starts the contract of one procedure.
 *
 * @example
 * procedure({ permission: 'books:invoice.submit', rate: 'write' })
 *   .route({ method: 'POST', path: '/invoices/{id}/submit', summary: 'Submit an invoice', tags: ['Invoices'] })
 *   .input(z.strictObject({ id: uuid }))
 *   .output(invoice)
 */
export function procedure(meta: ProcedureMeta) {
  return oc.$meta<ProcedureMeta>(meta).errors({
    ...commonErrors,
    // One type for all procedures, one more documented refusal for those that have it.
    ...((meta.stepUp === true ? stepUpErrors : {}) as typeof stepUpErrors),
  });
}
