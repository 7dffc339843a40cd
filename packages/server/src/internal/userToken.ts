import type { ModuleAccess } from '@bulkhead/platform/access';
import { permissionsOf } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import { serviceTokenHeader } from '@bulkhead/platform/service';
import type { ServiceSigner } from '@bulkhead/platform/service';
import * as z from 'zod';
import type { Authenticate } from '../session/authenticate.ts';
import { chooseCompany, chooseMembership } from '../session/placement.ts';

const uuid = z.uuid().toLowerCase();

/** A user's credential as a gateway received it, and the one call it is to vouch for. */
export const userTokenRequest = z.strictObject({
  credential: z.strictObject({
    /** Value of the session cookie. */
    cookie: z.string().max(200).optional(),
    /** The Authorization header. */
    authorization: z.string().max(8192).optional(),
  }),
  /** The service that will be called. */
  audience: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  /** SHA-256 of the call as `digestOfCall` computes it. */
  request: z.string().regex(/^[0-9a-f]{64}$/),
  tenant: uuid.optional(),
  company: uuid.optional(),
});

export type UserTokenRequest = z.output<typeof userTokenRequest>;

export type UserTokenParts = {
  authenticate: Authenticate;
  access: readonly ModuleAccess[];
  signer: ServiceSigner;
};

/**
 * Turns a user's credential into a signed token for one call of one service. Whose it is, and what they may do, comes
 * from the credential's session alone (T-46).
 *
 * @throws PlatformError signed_out, credentials_ambiguous, token_refused
 * @throws RefusalError tenant_required, tenant_refused, company_required, company_refused
 */
export async function createUserToken(
  { authenticate, access, signer }: UserTokenParts,
  { credential, audience, request, tenant, company }: UserTokenRequest,
): Promise<{ header: string; value: string }> {
  const { cookie, authorization } = credential;
  const session = await authenticate({ cookie, authorization }, { fresh: true });
  if (session === null) throw new PlatformError('signed_out');
  const membership = chooseMembership(session, tenant);
  const narrowed = chooseCompany(membership, { named: company, scope: 'company' });
  const value = signer.sign({
    audience,
    call: request,
    user: {
      tenant: membership.tenantId,
      company: narrowed,
      actor: { kind: 'account', id: session.account.id },
      permissions: [...permissionsOf(membership, access)].toSorted(),
    },
  });
  return { header: serviceTokenHeader, value };
}
