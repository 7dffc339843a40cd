import { PlatformError } from '@bulkhead/platform/errors';
import {
  beginOidc,
  findConnections,
  listLinks,
  removeLink,
} from '@bulkhead/platform/identity/single-sign-on';
import { implement } from '@orpc/server';
import { identityProviderContract } from '../contract/singleSignOn.ts';
import type { PublicContext, SignedInContext } from '../rpc/context.ts';
import { deviceOf } from '../session/begin.ts';
import { flowCookie } from '../singleSignOn/flowCookie.ts';
import type { SingleSignOnParts } from '../singleSignOn/parts.ts';

/** Whom one can sign in with, and the providers linked to an account. */
export function identityProviderHandlers({ singleSignOn }: { singleSignOn: SingleSignOnParts }) {
  const anybody = implement(identityProviderContract).$context<PublicContext>();
  const signedIn = implement(identityProviderContract).$context<SignedInContext>();
  const { identity, providers } = singleSignOn;
  return {
    list: anybody.list.handler(() => ({
      providers: providers.map(({ name, label }) => ({ label, startPath: `/sign-in/oidc/start/${name}` })),
    })),
    find: anybody.find.handler(async ({ input }) => {
      const [first] = await findConnections(identity, input.email);
      return { startPath: first === undefined ? null : startPathOf(first) };
    }),
    links: signedIn.links.handler(async ({ context }) => {
      const links = await listLinks(identity, context.signedIn.account.id);
      return {
        links: links.map(({ createdAt, lastUsedAt, ...link }) => ({
          ...link,
          createdAt: createdAt.toISOString(),
          lastUsedAt: lastUsedAt?.toISOString() ?? null,
        })),
        offered: providers.map(({ name, label }) => ({ name, label })),
      };
    }),
    link: signedIn.link.handler(async ({ input, context: { scope, signedIn: session } }) => {
      const { name, returnPath } = input;
      if (!providers.some((provider) => provider.name === name)) throw new PlatformError('provider_missing');
      const link = { accountId: session.account.id, sessionId: session.id };
      const { url, cookie } = await beginOidc(singleSignOn, { key: name, link, returnPath });
      scope.cookies.push(flowCookie(cookie));
      return { url };
    }),
    unlink: signedIn.unlink.handler(async ({ input, context: { scope, signedIn: session } }) => {
      const accountId = session.account.id;
      await removeLink(identity, { accountId, linkId: input.id, device: deviceOf(scope) });
      return {};
    }),
  };
}

function startPathOf({ id, protocol }: { id: string; protocol: 'oidc' | 'saml' }): string {
  return protocol === 'oidc' ? `/sign-in/oidc/start/${id}` : `/sign-in/saml/${id}/start`;
}
