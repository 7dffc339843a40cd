import { randomBytes } from 'node:crypto';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import { endSession, isClientSecret, type ProviderRecords } from '@bulkhead/platform/identity/provider';
import { Provider } from 'oidc-provider';
import type { Configuration, JWKS, KoaContextWithOIDC, Session } from 'oidc-provider';
import { scriptSource } from '../http/policy.ts';
import { createAdapter } from './adapter.ts';
import { accessTokenLife, Applications } from './applications.ts';
import { innerCookies } from './cookies.ts';
import { keySetOf } from './keys.ts';
import type { SigningKeys } from './keys.ts';
import { errorPage, signedOutPage, signOutPage } from './pages.ts';
import { createPolicy } from './policy.ts';

export type ProviderOptions = {
  identity: IdentityDependencies;
  records: ProviderRecords;
  /** `https://id.example.com/oidc` */
  issuer: string;
  keys: Awaited<ReturnType<SigningKeys>>;
  /** Sign the library's cookies; the first signs, all verify. */
  cookieKeys: readonly string[];
};

const minute = 60;
const day = 86_400;

/** Where things stand below the issuer. */
export const providerRoutes = {
  authorization: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  jwks: '/jwks',
  revocation: '/revoke',
  introspection: '/introspect',
  end_session: '/logout',
} as const;

/**
 * The library with what this service decides: code flow with PKCE alone, exact addresses, one signature algorithm, no
 * registration from outside, nothing fetched, everything hanging on the session.
 */
export function createProvider(options: ProviderOptions): Provider {
  const { identity, records, keys, issuer } = options;
  const { alg: algorithm } = keys.current;
  const applications = new Applications({ identity, records });
  const provider = new Provider(issuer, {
    ...protocol(algorithm),
    adapter: createAdapter({ identity, records, algorithm }),
    jwks: { keys: keySetOf(keys) } as JWKS,
    cookies: cookiesOf(options.cookieKeys),
    features: features(applications),
    interactions: {
      policy: createPolicy(applications),
      url: (_context, interaction) => `/oidc/interaction/${interaction.uid}`,
    },
    findAccount: applications.findAccount,
    loadExistingGrant: applications.loadExistingGrant,
    extraTokenClaims: applications.extraTokenClaims,
    ttl: lifetimesOf(identity),
    // A public client in a browser, from its own origin, and nobody else.
    clientBasedCORS: (_context, origin, client) =>
      client.clientAuthMethod === 'none' &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: (context, out) => {
      context.type = 'html';
      context.body = errorPage({ error: out.error, description: out.error_description });
    },
    fetch: () => Promise.reject(new Error('the provider fetches nothing by itself')),
  });
  // Behind this server, which alone says how people reach it; see mount.ts.
  provider.proxy = true;
  keepSecretsHashed(provider, identity);
  endWithBrowserSession(provider, options);
  keepOwnPages(provider);
  return provider;
}

function protocol(algorithm: string): Configuration {
  const signing = [algorithm] as NonNullable<Configuration['enabledJWA']>['idTokenSigningAlgValues'];
  return {
    routes: providerRoutes,
    // Two factors were proved; a session without says nothing.
    acrValues: ['aal2'],
    scopes: ['openid', 'profile', 'email', 'tenant'],
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time'],
      profile: ['name'],
      email: ['email', 'email_verified'],
      tenant: ['tenant_id', 'tenant_name', 'role', 'module_roles', 'company_ids'],
      sid: null,
      iss: null,
    },
    // An application that names the organisation spares people the choice.
    extraParams: ['tenant'],
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt', 'none'],
    clientDefaults: {
      id_token_signed_response_alg: algorithm as never,
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
    enabledJWA: {
      ...(signing === undefined ? {} : { idTokenSigningAlgValues: signing }),
      clientAuthSigningAlgValues: ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'],
    },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    rotateRefreshToken: true,
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => true,
    clockTolerance: 5,
  };
}

function cookiesOf(keys: readonly string[]): NonNullable<Configuration['cookies']> {
  const options = { httpOnly: true, sameSite: 'lax', signed: true, overwrite: true } as const;
  return { keys: [...keys], names: innerCookies, long: options, short: options };
}

function lifetimesOf({ lifetimes }: IdentityDependencies): NonNullable<Configuration['ttl']> {
  const session = Math.floor(lifetimes.absolute / 1000);
  return {
    AccessToken: accessTokenLife,
    AuthorizationCode: minute,
    IdToken: 10 * minute,
    Interaction: 30 * minute,
    // At most; all of them are gone as soon as the session is.
    Session: session,
    Grant: session,
    RefreshToken: Math.min(session, 14 * day),
  };
}

function features(applications: Applications): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    claimsParameter: { enabled: false },
    // Keys that only verify; see keys.ts.
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    userinfo: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (context, form) => {
        allowFormTo(context);
        // With no-referrer a browser would send the form with `Origin: null`, which the gate refuses.
        context.set('referrer-policy', 'same-origin');
        context.type = 'html';
        context.body = signOutPage(form, {
          application: context.oidc.client?.clientName,
          nonce: meansThisSession(context) ? letSubmit(context) : undefined,
        });
      },
      postLogoutSuccessSource: (context) => {
        context.type = 'html';
        context.body = signedOutPage;
      },
    },
    revocation: {
      enabled: true,
      allowedPolicy: (_context, client, token) => token.clientId === client.clientId,
    },
    introspection: {
      enabled: true,
      // A back end asks about tokens meant for it, an application about its own; nobody about others'.
      allowedPolicy: (_context, client, token) => applications.mayIntrospect(client, token),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: applications.resource,
    },
  };
}

/** The application showed an ID token of the very session: no need to ask whether the person means it. */
function meansThisSession({ oidc }: KoaContextWithOIDC): boolean {
  const hint = oidc.entities.IdTokenHint as { payload?: { sub?: unknown; sid?: unknown } } | undefined;
  const { session, client } = oidc;
  if (hint?.payload === undefined || session === undefined || client === undefined) return false;
  const { sub, sid } = hint.payload;
  const known = session.sidFor(client.clientId);
  return sub === session.accountId && (sid === undefined || sid === known);
}

/** The form leads back to the application by a redirect, which form-action covers too. */
function allowFormTo({ oidc, response }: KoaContextWithOIDC): void {
  const target = URL.parse(textOf(oidc.params?.['post_logout_redirect_uri']));
  if (target === null) return;
  const policy = response.get('content-security-policy');
  response.set(
    'content-security-policy',
    policy.replace("form-action 'self'", `form-action 'self' ${target.origin}`),
  );
}

/** Lets the page run the one script that carries the nonce it returns. */
function letSubmit({ response }: KoaContextWithOIDC): string {
  const nonce = randomBytes(16).toString('base64');
  const policy = response.get('content-security-policy');
  response.set('content-security-policy', `${policy}; ${scriptSource(nonce)}`);
  return nonce;
}

/**
 * The library compares plain secrets; here only hashes are known. What it would send by itself when somebody signs out
 * is left to the duty, which tells every application however the session ends, and tries again.
 */
function keepSecretsHashed(provider: Provider, identity: IdentityDependencies): void {
  const prototype = provider.Client.prototype as unknown as {
    clientId: string;
    compareClientSecret: (secret: string) => Promise<boolean>;
    backchannelLogout: () => Promise<void>;
  };
  prototype.compareClientSecret = async function compare(this: { clientId: string }, secret: string) {
    return isClientSecret(identity, { id: this.clientId, secret });
  };
  prototype.backchannelLogout = () => Promise.resolve();
}

/**
 * The library has pages of its own that submit themselves by an inline script. None leaves: with nobody signed in there
 * is nothing to confirm at log-out, and answers by form are not offered.
 */
function keepOwnPages(provider: Provider): void {
  provider.use(async (context, next) => {
    const policy = context.response.get('content-security-policy');
    await next();
    const body: unknown = context.body;
    if (typeof body !== 'string' || !body.startsWith('<!DOCTYPE html>')) return;
    context.set('content-security-policy', policy);
    const { oidc } = context as Partial<KoaContextWithOIDC>;
    if (oidc?.route === 'end_session') {
      // Validated by now, or taken out.
      const target = URL.parse(textOf(oidc.params?.['post_logout_redirect_uri']));
      const state = textOf(oidc.params?.['state']);
      if (target !== null && state !== '') target.searchParams.set('state', state);
      context.redirect(target?.href ?? oidc.urlFor('end_session_success'));
      context.status = 303;
      context.body = '';
      return;
    }
    context.status = 400;
    context.body = errorPage({
      error: 'invalid_request',
      description: 'The application asked for an answer in a form that is not offered.',
    });
  });
}

/** Signing out at the provider is signing out of the service. A failure to end the session is never a success (T-45). */
function endWithBrowserSession(provider: Provider, { identity, records }: ProviderOptions): void {
  provider.use(async (context, next) => {
    await next();
    const { oidc } = context as Partial<KoaContextWithOIDC>;
    const session: (Session & { destroyed?: boolean }) | undefined = oidc?.session;
    if (oidc?.route !== 'end_session_confirm' || session?.destroyed !== true) return;
    const sessionId = await records.sessionIdOf(session.uid);
    const { accountId } = session;
    if (sessionId === undefined || accountId === undefined) return;
    await endSession(identity, { sessionId, accountId, clientId: oidc.client?.clientId });
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
