import {
  findClient,
  noteApplicationSignIn,
  noteReuse,
  type ProviderClient,
  type ProviderRecords,
  type RecordModel,
} from '@bulkhead/platform/identity/provider';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import { errors, Provider } from 'oidc-provider';
import type { Adapter, AdapterPayload, AllClientMetadata } from 'oidc-provider';

export type AdapterDependencies = {
  identity: IdentityDependencies;
  records: ProviderRecords;
  /** The pinned signature algorithm. */
  algorithm: string;
};

/** What an interaction's result says of the session it found; made by this server, kept in the encrypted record. */
export type LoginResult = { session?: string };

/** The library's storage: clients from their table, everything else in the provider's records. */
export function createAdapter(dependencies: AdapterDependencies): (name: string) => Adapter {
  return (name) =>
    name === 'Client' ? clientAdapter(dependencies) : recordAdapter(dependencies, name as RecordModel);
}

function recordAdapter({ records, identity }: AdapterDependencies, model: RecordModel): Adapter {
  return {
    upsert: async (id, payload, expiresIn) => {
      const sessionId = await sessionOf(records, payload);
      await records.save({ model, id, payload, expiresIn, sessionId });
      if (model !== 'AuthorizationCode' || sessionId === undefined) return;
      await noteApplicationSignIn(identity, {
        sessionId,
        clientId: String(payload.clientId),
        sid: String(payload.sid ?? ''),
        accountId: String(payload.accountId),
      });
    },
    find: (id) => records.find(model, id),
    findByUid: (uid) => records.findSession(uid),
    findByUserCode: () => Promise.resolve(undefined),
    destroy: (id) => records.end(model, id),
    revokeByGrantId: (grantId) => records.endGrant(grantId),
    consume: async (id) => {
      const found = await records.find(model, id);
      if (await records.consume(model, id, identity.lifetimes.idle)) return;
      // Another request spent it since the library looked: the same as seeing it spent.
      if (typeof found?.['grantId'] === 'string') await records.endGrant(found['grantId']);
      await noteReuse(identity, {
        clientId: Provider.ctx?.oidc.client?.clientId,
        accountId: typeof found?.['accountId'] === 'string' ? found['accountId'] : undefined,
      });
      throw new errors.InvalidGrant('already used');
    },
  };
}

/** The session a record hangs on: the one just signed in with, else the browser session's. */
async function sessionOf(records: ProviderRecords, payload: AdapterPayload): Promise<string | undefined> {
  const context = Provider.ctx?.oidc;
  const signedIn = (context?.result?.['login'] as LoginResult | undefined)?.session;
  if (signedIn !== undefined) return signedIn;
  const uid = payload.sessionUid ?? context?.session?.uid;
  return uid === undefined ? undefined : records.sessionIdOf(uid);
}

function clientAdapter({ identity, algorithm }: AdapterDependencies): Adapter {
  const refuse = () => Promise.reject(new Error('clients are registered by an operator'));
  return {
    find: async (id) => {
      const client = await findClient(identity.pool, id);
      return client === undefined ? undefined : clientMetadata(client, algorithm);
    },
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    upsert: refuse,
    destroy: refuse,
    consume: refuse,
    revokeByGrantId: refuse,
  };
}

const methods = { secret: 'client_secret_basic', private_key: 'private_key_jwt', none: 'none' } as const;

function clientMetadata(client: ProviderClient, algorithm: string): AllClientMetadata {
  const signsIn = client.redirectUris.length > 0;
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: 'web',
    token_endpoint_auth_method: methods[client.authentication],
    // The library wants one to be there; it is never compared (see provider.ts), and no algorithm uses it.
    ...(client.authentication === 'secret' ? { client_secret: 'kept-as-a-hash' } : {}),
    ...(client.publicKeys === undefined ? {} : { jwks: client.publicKeys as AllClientMetadata['jwks'] }),
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    response_types: signsIn ? ['code'] : [],
    grant_types: signsIn ? ['authorization_code', ...(client.refresh ? ['refresh_token'] : [])] : [],
    response_modes: ['query'],
    id_token_signed_response_alg: algorithm as AllClientMetadata['id_token_signed_response_alg'],
    ...(client.backchannelLogoutUri === undefined
      ? {}
      : {
          backchannel_logout_uri: client.backchannelLogoutUri,
          backchannel_logout_session_required: true,
        }),
  };
}
