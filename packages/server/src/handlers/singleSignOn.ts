import { assertModuleRoles } from '@bulkhead/platform/access';
import type { ModuleAccess } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import { samlConfig } from '@bulkhead/platform/identity/saml';
import {
  addDomain,
  changeConnection,
  createConnection,
  listConnections,
  listDomains,
  oidcConfig,
  readConnection,
  readSignInPolicy,
  redirectAddress,
  removeConnection,
  removeDomain,
  setSignInPolicy,
  verifyDomain,
  type Connection,
  type ConnectionChanges,
  type Domain,
} from '@bulkhead/platform/identity/single-sign-on';
import { implement } from '@orpc/server';
import { connectionContract, domainContract, signInPolicyContract } from '../contract/singleSignOn.ts';
import type { PlatformContext } from '../rpc/context.ts';
import type { SingleSignOnParts } from '../singleSignOn/parts.ts';

export type SingleSignOnHandlerParts = { singleSignOn: SingleSignOnParts; access: readonly ModuleAccess[] };

/** A tenant's connections. */
export function connectionHandlers({ singleSignOn, access }: SingleSignOnHandlerParts) {
  const permitted = implement(connectionContract).$context<PlatformContext>();
  const { cipher, randomBytes } = singleSignOn.identity;
  const shown = (connection: Connection) => describeConnection(singleSignOn, connection);
  return {
    list: permitted.list.handler(async ({ context: { session } }) => ({
      connections: (await listConnections(session)).map(shown),
    })),
    create: permitted.create.handler(async ({ input, context: { session } }) => {
      const { protocol, name } = input;
      const config = protocol === 'oidc' ? oidcConfig.parse(input.oidc) : samlConfig.parse(input.saml ?? {});
      const secret = protocol === 'oidc' ? (input.clientSecret ?? null) : null;
      const { connectionId } = await createConnection(
        { session, cipher, randomBytes },
        { protocol, name, config, secret },
      );
      return shown(await readConnection(session, connectionId));
    }),
    change: permitted.change.handler(async ({ input, context: { session } }) => {
      const { id, oidc, saml, clientSecret, ...changes } = input;
      const { protocol } = await readConnection(session, id);
      if ((protocol === 'saml' && (oidc ?? clientSecret)) || (protocol === 'oidc' && saml)) {
        throw new PlatformError('connection_invalid');
      }
      assertModuleRoles(
        [...new Set((changes.roleMapping ?? []).flatMap(({ moduleRoles }) => moduleRoles))],
        access,
      );
      const config = oidc === undefined ? saml && samlConfig.parse(saml) : oidcConfig.parse(oidc);
      const given = Object.entries({ ...changes, config }).filter(([, value]) => value !== undefined);
      const changed = await changeConnection(
        { session, cipher },
        { connectionId: id, changes: Object.fromEntries(given) as ConnectionChanges, secret: clientSecret },
      );
      return shown(changed);
    }),
    remove: permitted.remove.handler(async ({ input, context: { session } }) => {
      await removeConnection(session, { connectionId: input.id });
      return {};
    }),
  };
}

/** A tenant's domains. */
export function domainHandlers({ singleSignOn }: Pick<SingleSignOnHandlerParts, 'singleSignOn'>) {
  const permitted = implement(domainContract).$context<PlatformContext>();
  const { identity, resolveTxt } = singleSignOn;
  const read = async (session: PlatformContext['session'], id: string) => {
    const found = (await listDomains(session)).find((domain) => domain.id === id);
    if (found === undefined) throw new PlatformError('domain_missing');
    return describeDomain(found);
  };
  return {
    list: permitted.list.handler(async ({ context: { session } }) => ({
      domains: (await listDomains(session)).map(describeDomain),
    })),
    add: permitted.add.handler(async ({ input, context: { session } }) => {
      const { randomBytes } = identity;
      const { domainId } = await addDomain({ session, randomBytes }, { name: input.name });
      return read(session, domainId);
    }),
    verify: permitted.verify.handler(async ({ input, context: { session, tenant, actor } }) => {
      await verifyDomain(
        identity,
        { resolveTxt },
        { tenantId: tenant, accountId: actor.id, domainId: input.id },
      );
      return read(session, input.id);
    }),
    remove: permitted.remove.handler(async ({ input, context: { session } }) => {
      await removeDomain(session, { domainId: input.id });
      return {};
    }),
  };
}

/** How a tenant's members must sign in. */
export function signInPolicyHandlers({ singleSignOn }: Pick<SingleSignOnHandlerParts, 'singleSignOn'>) {
  const permitted = implement(signInPolicyContract).$context<PlatformContext>();
  return {
    read: permitted.read.handler(({ context: { session } }) => readSignInPolicy(session)),
    set: permitted.set.handler(async ({ input, context: { session, actor } }) => {
      await setSignInPolicy(session, input);
      // What it changes, this server's own cache must not hide from whoever changed it.
      singleSignOn.identity.sessions.forgetAccount(actor.id);
      return readSignInPolicy(session);
    }),
  };
}

function describeConnection(parts: SingleSignOnParts, { createdAt, ...connection }: Connection) {
  return {
    ...connection,
    createdAt: createdAt.toISOString(),
    redirectUrl: connection.protocol === 'oidc' ? redirectAddress(parts, connection.id) : null,
  };
}

function describeDomain({ createdAt, verifiedAt, checkedAt, failingSince, ...domain }: Domain) {
  return {
    ...domain,
    createdAt: createdAt.toISOString(),
    verifiedAt: verifiedAt?.toISOString() ?? null,
    checkedAt: checkedAt?.toISOString() ?? null,
    failingSince: failingSince?.toISOString() ?? null,
  };
}
