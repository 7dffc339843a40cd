import type { TenantSession } from '@bulkhead/kernel';
import {
  followMetadata,
  readProvider,
  serviceAddresses,
  uploadMetadata,
  type FetchMetadata,
  type SamlProvider,
} from '@bulkhead/platform/identity/saml';
import { implement } from '@orpc/server';
import { samlContract } from '../contract/saml.ts';
import type { PlatformContext } from '../rpc/context.ts';

export type SamlHandlerParts = {
  clock: () => number;
  /** The origin people use; known once the server listens. */
  origin: () => string;
  fetchMetadata: FetchMetadata;
};

/** What SAML adds to a tenant's connections. */
export function samlHandlers({ clock, origin, fetchMetadata }: SamlHandlerParts) {
  const permitted = implement(samlContract).$context<PlatformContext>();
  const read = async (session: TenantSession, id: string) => {
    const provider = await readProvider(session, { connectionId: id, at: clock() });
    const { audience, acsUrl } = serviceAddresses(origin(), id);
    return {
      service: { entityId: audience, acsUrl, metadataUrl: audience },
      provider: provider && toProvider(provider),
    };
  };
  return {
    read: permitted.read.handler(({ input, context: { session } }) => read(session, input.id)),
    upload: permitted.upload.handler(async ({ input, context: { session } }) => {
      const document = Buffer.from(input.metadata);
      await uploadMetadata(session, { connectionId: input.id, at: clock(), document });
      return read(session, input.id);
    }),
    follow: permitted.follow.handler(async ({ input, context: { session } }) => {
      await followMetadata(
        { session, fetchMetadata },
        { connectionId: input.id, at: clock(), url: input.url },
      );
      return read(session, input.id);
    }),
  };
}

function toProvider({ certificates, changedAt, refreshedAt, failure, ...provider }: SamlProvider) {
  return {
    ...provider,
    certificates: certificates.map(({ notBefore, notAfter, ...certificate }) => ({
      ...certificate,
      notBefore: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
    })),
    changedAt: changedAt.toISOString(),
    refreshedAt: refreshedAt?.toISOString() ?? null,
    failure: failure === null ? null : { since: failure.since.toISOString(), message: failure.message },
  };
}
