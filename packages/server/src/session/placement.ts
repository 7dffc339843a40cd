import type { Session } from '@bulkhead/platform/identity';
import type { Refusal } from '../problem/problem.ts';
import { RefusalError } from '../problem/refusal.ts';

/** An account's place in a tenant, as the session holds it. */
export type Membership = Session['memberships'][number];

/** What a request says about where it acts, unverified. */
export type PlacementHeaders = { tenant: string | undefined; company: string | undefined };

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The membership a request acts through: the named tenant's, or the only one.
 *
 * @throws {RefusalError} `tenant_required` 400, `tenant_refused` 403
 */
export function chooseMembership(session: Session, named: string | undefined): Membership {
  const { memberships } = session;
  if (named === undefined) {
    const [only, second] = memberships;
    if (only === undefined) throw new RefusalError(tenantRefused);
    if (second !== undefined) throw new RefusalError(tenantRequired);
    return only;
  }
  const wanted = readId(named, 'bulkhead-tenant');
  const membership = memberships.find(({ tenantId }) => tenantId === wanted);
  if (membership === undefined) throw new RefusalError(tenantRefused);
  return membership;
}

/**
 * The company a request is sealed to; undefined = all of the tenant's.
 *
 * @param options.named value of the company header
 * @param options.scope what the procedure touches; one that touches no company's data needs no choice
 * @throws {RefusalError} `company_required` 400, `company_refused` 403
 */
export function chooseCompany(
  { companyIds: limit }: { companyIds: readonly string[] | null },
  { named, scope }: { named: string | undefined; scope: 'tenant' | 'company' },
): string | undefined {
  if (named !== undefined) {
    const wanted = readId(named, 'bulkhead-company');
    if (limit !== null && !limit.includes(wanted)) throw new RefusalError(companyRefused);
    return wanted;
  }
  if (limit === null) return undefined;
  const [first, second] = limit;
  if (first === undefined) throw new RefusalError(companyRefused);
  // The narrowest context that serves: whatever the procedure touches, it is not every company.
  if (second === undefined || scope === 'tenant') return first;
  throw new RefusalError(companyRequired);
}

/**
 * Refuses a request that names another tenant than the one its API key is for.
 *
 * @throws {RefusalError} `tenant_refused` 403
 */
export function assertTenant(tenant: string, named: string | undefined): void {
  if (named === undefined || readId(named, 'bulkhead-tenant') === tenant) return;
  throw new RefusalError(tenantRefused);
}

/** @throws {RefusalError} `invalid_input` 400 naming the header */
export function readId(value: string, header: string): string {
  if (!uuid.test(value)) {
    throw new RefusalError({
      status: 400,
      code: 'invalid_input',
      message: 'The input is not valid.',
      issues: [{ path: header, message: 'must be a UUID' }],
    });
  }
  return value.toLowerCase();
}

const tenantRequired: Refusal = {
  status: 400,
  code: 'tenant_required',
  message: 'Name the tenant in the bulkhead-tenant header.',
};
const tenantRefused: Refusal = {
  status: 403,
  code: 'tenant_refused',
  message: 'You are not a member of this tenant.',
};
const companyRequired: Refusal = {
  status: 400,
  code: 'company_required',
  message: 'Name the company in the bulkhead-company header.',
};
const companyRefused: Refusal = {
  status: 403,
  code: 'company_refused',
  message: 'Your membership does not include this company.',
};
