import type { IdentityDependencies } from '@bulkhead/platform/identity';
import {
  chooseTenant,
  chosenTenant,
  findClient,
  findResource,
  reachOf,
  readPerson,
  type ProviderRecords,
} from '@bulkhead/platform/identity/provider';
import { errors } from 'oidc-provider';
import type {
  AccountClaims,
  Account,
  Configuration,
  Grant,
  KoaContextWithOIDC,
  ResourceServer,
} from 'oidc-provider';
import type { LoginResult } from './adapter.ts';

export type ApplicationDependencies = { identity: IdentityDependencies; records: ProviderRecords };

/** Seconds an access token lives. What ends with the session may outlive it by this much where nobody asks. */
export const accessTokenLife = 300;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What an application is told of a person, for whom it may act, and for which tenant. Everything is read anew each
 * time a token is made: a role taken away is missing from the next token, a membership ended ends the refresh.
 */
export class Applications {
  readonly #identity: IdentityDependencies;
  readonly #records: ProviderRecords;

  constructor({ identity, records }: ApplicationDependencies) {
    this.#identity = identity;
    this.#records = records;
  }

  /** `findAccount` of the library. */
  findAccount: NonNullable<Configuration['findAccount']> = async (context, id, token) => {
    const person = await readPerson(this.#identity, id);
    if (person === undefined) return undefined;
    const account: Account = {
      accountId: person.id,
      claims: async (_use, scope): Promise<AccountClaims> => ({
        sub: person.id,
        name: person.name,
        email: person.email,
        email_verified: person.emailVerified,
        ...(scope.split(' ').includes('tenant')
          ? await this.#tenantClaims(context, { accountId: id, sessionUid: uidOf(token) })
          : {}),
      }),
    };
    return account;
  };

  /** Claims of an access token for a back end: which tenant it is for and what the person is there. */
  extraTokenClaims: NonNullable<Configuration['extraTokenClaims']> = async (context, token) => {
    if (token.kind !== 'AccessToken' || token.aud === undefined) return undefined;
    return this.#tenantClaims(context, { accountId: token.accountId, sessionUid: token.sessionUid });
  };

  /** A grant without asking for consent, for first-party applications alone; one for each session. */
  loadExistingGrant: NonNullable<Configuration['loadExistingGrant']> = async (context) => {
    const { client, session, provider, account } = context.oidc;
    if (client === undefined || account === undefined || session === undefined) return undefined;
    const registered = await findClient(this.#identity.pool, client.clientId);
    if (registered?.firstParty !== true) {
      throw new errors.AccessDenied('this application is not registered as first-party');
    }
    await this.needsTenant(context);
    const known = session.grantIdFor(client.clientId);
    const grant =
      (known === undefined ? undefined : await provider.Grant.find(known)) ??
      new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    if (grant.accountId !== account.accountId) return undefined;
    await grantAll(context, grant);
    return grant;
  };

  /**
   * Whether the person has to choose an organisation first. Settles it by itself where there is nothing to choose.
   *
   * @throws errors.AccessDenied when the named tenant is none of theirs, they belong to none, or the session is
   *   confined to one and the application does not want to know it
   */
  async needsTenant(context: KoaContextWithOIDC): Promise<boolean> {
    const { session, client, params, account } = context.oidc;
    if (account === undefined || client === undefined) return false;
    const sessionId = await this.#sessionOf(context, session?.uid);
    if (sessionId === undefined) return false;
    const place = { sessionId, clientId: client.clientId };
    const { accountId } = account;
    const { memberships, confined } = await reachOf(this.#identity, { accountId, sessionId });
    if (!wantsTenant(context)) {
      // Who vouches for this person speaks for one organisation; an application that does not ask which could not tell.
      if (confined)
        throw new errors.AccessDenied('this sign-in is for one organisation: ask for the scope tenant');
      return false;
    }
    const named = params?.['tenant'];
    if (named !== undefined && (typeof named !== 'string' || !uuid.test(named))) {
      throw new errors.InvalidRequest('tenant must be the id of an organisation');
    }
    const chosen = await chosenTenant(this.#identity, place);
    const only = memberships.length === 1 ? memberships[0]?.tenantId : undefined;
    const tenantId = named ?? chosen ?? only;
    if (memberships.length === 0) throw new errors.AccessDenied('the person belongs to no organisation');
    if (tenantId === undefined) return true;
    if (!memberships.some((membership) => membership.tenantId === tenantId)) {
      if (named === undefined) return true;
      throw new errors.AccessDenied('the person does not belong to this organisation');
    }
    if (tenantId !== chosen) {
      await this.settleTenant({ ...place, tenantId }, session?.grantIdFor(client.clientId));
    }
    return false;
  }

  /** Remembers the tenant; what was granted for another one ends. */
  async settleTenant(
    choice: { sessionId: string; clientId: string; tenantId: string },
    grantId: string | undefined,
  ): Promise<void> {
    if (grantId !== undefined) await this.#records.endGrant(grantId);
    await chooseTenant(this.#identity, choice);
  }

  /** Whether a client may learn what a token is worth. */
  async mayIntrospect(
    { clientId }: { clientId: string },
    token: { clientId?: string | undefined; aud?: unknown },
  ): Promise<boolean> {
    if (token.clientId === clientId) return true;
    const registered = await findClient(this.#identity.pool, clientId);
    return registered?.resource !== undefined && token.aud === registered.resource;
  }

  async #tenantClaims(
    context: KoaContextWithOIDC,
    { accountId, sessionUid }: { accountId: string; sessionUid: string | undefined },
  ): Promise<Record<string, string | string[] | null>> {
    const clientId = context.oidc.client?.clientId;
    const sessionId = await this.#sessionOf(context, sessionUid);
    if (clientId === undefined || sessionId === undefined) throw new errors.InvalidGrant('no session');
    const tenantId = await chosenTenant(this.#identity, { sessionId, clientId });
    const { memberships } = await reachOf(this.#identity, { accountId, sessionId });
    const membership = memberships.find((candidate) => candidate.tenantId === tenantId);
    if (membership === undefined) throw new errors.InvalidGrant('not a member of the organisation any more');
    return {
      tenant_id: membership.tenantId,
      tenant_name: membership.tenantName,
      role: membership.role,
      module_roles: membership.moduleRoles,
      company_ids: membership.companyIds,
    };
  }

  async #sessionOf(context: KoaContextWithOIDC, uid: string | undefined): Promise<string | undefined> {
    const signedIn = (context.oidc.result?.['login'] as LoginResult | undefined)?.session;
    if (signedIn !== undefined) return signedIn;
    const lasting = uid ?? context.oidc.session?.uid;
    return lasting === undefined ? undefined : this.#records.sessionIdOf(lasting);
  }

  /** What a back end accepts, for an application that may call it. */
  resource: ResourceLookup = async (_context, identifier, client) => {
    const [caller, backEnd] = await Promise.all([
      findClient(this.#identity.pool, client.clientId),
      findResource(this.#identity.pool, identifier),
    ]);
    if (backEnd === undefined || caller?.mayCall.includes(identifier) !== true) {
      throw new errors.InvalidTarget();
    }
    return {
      audience: identifier,
      scope: backEnd.resourceScopes.join(' '),
      accessTokenTTL: accessTokenLife,
      accessTokenFormat: backEnd.tokenFormat ?? 'jwt',
    };
  };
}

type ResourceLookup = (
  context: KoaContextWithOIDC,
  identifier: string,
  client: { clientId: string },
) => Promise<ResourceServer>;

/** A tenant is chosen when the application wants to know it, or wants to act. */
export function wantsTenant({ oidc }: KoaContextWithOIDC): boolean {
  const scope = oidc.params?.['scope'];
  return (
    Object.keys(oidc.resourceServers ?? {}).length > 0 ||
    (typeof scope === 'string' && scope.split(' ').includes('tenant'))
  );
}

async function grantAll({ oidc }: KoaContextWithOIDC, grant: Grant): Promise<void> {
  const scopes = [...oidc.requestParamOIDCScopes].join(' ');
  if (scopes !== '') grant.addOIDCScope(scopes);
  for (const [identifier, server] of Object.entries(oidc.resourceServers ?? {})) {
    const understood = [...server.scopes].filter((name) => oidc.requestParamScopes.has(name));
    if (understood.length > 0) grant.addResourceScope(identifier, understood.join(' '));
  }
  await grant.save();
}

function uidOf(token: unknown): string | undefined {
  if (typeof token !== 'object' || token === null || !('sessionUid' in token)) return undefined;
  return typeof token.sessionUid === 'string' ? token.sessionUid : undefined;
}
