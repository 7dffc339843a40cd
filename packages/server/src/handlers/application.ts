import {
  createClient,
  listClients,
  operatorRegistrar,
  removeClient,
  rotateClientSecret,
  type ProviderClient,
} from '@bulkhead/platform/identity/provider';
import type { Session } from '@bulkhead/platform/identity';
import { implement } from '@orpc/server';
import { applicationContract } from '../contract/application.ts';
import type { SignedInContext } from '../rpc/context.ts';
import type { HandlerDependencies } from './dependencies.ts';

const hour = 3_600_000;

/** Applications of the identity provider, registered by operators. The database judges the operator once more. */
export function applicationHandlers({ identity }: Pick<HandlerDependencies, 'identity'>) {
  const operators = implement(applicationContract).$context<SignedInContext>();
  const { randomBytes } = identity;
  const registrar = (session: Session) => operatorRegistrar(identity, session.account.id);
  return {
    list: operators.list.handler(async () => ({
      applications: (await listClients(identity.pool)).map(describe),
    })),
    create: operators.create.handler(async ({ input, context }) => ({
      id: input.id,
      ...(await createClient(registrar(context.signedIn), input, randomBytes)),
    })),
    rotateSecret: operators.rotateSecret.handler(async ({ input: { id, overlap }, context }) => ({
      id,
      ...(await rotateClientSecret(
        registrar(context.signedIn),
        { id, overlap: overlap * hour },
        randomBytes,
      )),
    })),
    remove: operators.remove.handler(async ({ input, context }) => {
      await removeClient(registrar(context.signedIn), input.id);
      return {};
    }),
  };
}

function describe({ publicKeys: _public, createdAt, ...client }: ProviderClient) {
  return {
    ...client,
    redirectUris: [...client.redirectUris],
    postLogoutRedirectUris: [...client.postLogoutRedirectUris],
    mayCall: [...client.mayCall],
    resourceScopes: [...client.resourceScopes],
    backchannelLogoutUri: client.backchannelLogoutUri ?? null,
    resource: client.resource ?? null,
    tokenFormat: client.tokenFormat ?? null,
    createdAt: createdAt.toISOString(),
  };
}
