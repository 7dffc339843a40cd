import * as client from 'openid-client';
import { PlatformError } from '../../../errors.ts';
import { OutboundError } from '../../../outbound/index.ts';
import type { SignInOutcome } from '../../completeSignIn.ts';
import type { IdentityDependencies } from '../../dependencies.ts';
import type { Device } from '../../session.ts';
import { loadConnection } from '../connection.ts';
import { beginFlow, openFlow, type FlowStart, type FlowTarget, type SignInFlow } from '../flow.ts';
import { linkWithAssertion, signInWithAssertion } from '../signIn.ts';
import { readAssertion } from './claims.ts';
import type { OidcClients } from './clients.ts';
import { oidcConfig, type OidcConfig } from './config.ts';

/** A provider of the service, which anybody may use: Google, or any issuer its operator trusts to check addresses. */
export type OidcProvider = OidcConfig & {
  /** In addresses and in the flow: lower-case letters, digits, hyphens. */
  name: string;
  /** On its button. */
  label: string;
  secret: string | null;
};

export type OidcDependencies = {
  identity: IdentityDependencies;
  clients: OidcClients;
  providers: readonly OidcProvider[];
  /** `http.publicUrl`: redirect addresses are built from it alone. */
  origin: () => string;
};

/** Who is asked: the id of a connection, or the name of a provider of the service. Stands in the redirect address. */
type Party = {
  key: string;
  config: OidcConfig;
  secret: string | null;
  roleClaim: string | null;
  target: FlowTarget;
};

export type OidcBegin = {
  key: string;
  /** Default: sign in. */
  link?: FlowStart['link'];
  returnPath: string;
  /** What the Strict cookies said, which the browser will not send along with the provider's redirect. */
  browser?: { deviceToken?: string | undefined; sessionToken?: string | undefined };
};

/**
 * Begins a sign-in by authorization code with PKCE (RFC 7636, S256), state and nonce, always all three.
 *
 * @returns where to send the browser, and the value of its flow cookie
 * @throws PlatformError provider_missing, provider_unreachable, provider_refused
 */
export async function beginOidc(
  dependencies: OidcDependencies,
  { key, link, returnPath, browser = {} }: OidcBegin,
): Promise<{ url: string; cookie: string }> {
  const party = await findParty(dependencies, key);
  const configuration = await configure(dependencies, party);
  const nonce = client.randomNonce();
  const verifier = client.randomPKCECodeVerifier();
  const { state, cookie } = await beginFlow(dependencies.identity, {
    target: party.target,
    link,
    returnPath,
    secrets: { nonce, verifier, ...browser },
  });
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectAddress(dependencies, key),
    response_type: 'code',
    scope: ['openid', ...party.config.scopes.filter((scope) => scope !== 'openid')].join(' '),
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  return { url: url.href, cookie };
}

export type OidcReturn = {
  /** From the address, unverified; must be the flow's own, so that one issuer's answer is not taken for another's (RFC 9700, 4.4). */
  key: string;
  /** The address's query, as it came. */
  query: URLSearchParams;
  /** Of the flow cookie. */
  cookie: string | undefined;
  device: Device;
};

export type OidcOutcome = {
  outcome: SignInOutcome | { kind: 'linked' };
  returnPath: string;
  /** The session this browser had at the start, to be ended. */
  sessionToken: string | undefined;
};

/**
 * Ends a sign-in in the browser it began in.
 *
 * @throws PlatformError sign_in_flow_expired, provider_refused, provider_unreachable, and what `signInWithAssertion` does
 */
export async function finishOidc(
  dependencies: OidcDependencies,
  { key, query, cookie, device }: OidcReturn,
): Promise<OidcOutcome> {
  const { identity } = dependencies;
  const [state = '', second] = query.getAll('state');
  if (second !== undefined) throw new PlatformError('sign_in_flow_expired');
  const flow = await openFlow(identity, { state, cookie });
  const { target, returnPath } = flow;
  if (('provider' in target ? target.provider : target.connectionId) !== key) {
    throw new PlatformError('sign_in_flow_expired');
  }
  const assertion = await judge(dependencies, { flow, key, query, state });
  const { deviceToken, sessionToken } = flow.secrets;
  const asserted = {
    flow,
    assertion,
    device: deviceToken === undefined ? device : { ...device, browser: { token: deviceToken } },
  };
  if (flow.link !== null) {
    await linkWithAssertion(identity, asserted);
    return { outcome: { kind: 'linked' }, returnPath, sessionToken: undefined };
  }
  return { outcome: await signInWithAssertion(identity, asserted), returnPath, sessionToken };
}

async function judge(
  dependencies: OidcDependencies,
  { flow, key, query, state }: { flow: SignInFlow; key: string; query: URLSearchParams; state: string },
) {
  const party = await findParty(dependencies, key);
  const configuration = await configure(dependencies, party);
  const { nonce, verifier } = flow.secrets;
  if (nonce === undefined || verifier === undefined) throw new PlatformError('sign_in_flow_expired');
  const returned = new URL(redirectAddress(dependencies, key));
  returned.search = query.toString();
  return answering(async () => {
    const tokens = await client.authorizationCodeGrant(configuration, returned, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    return readAssertion({ configuration, tokens, config: party.config, roleClaim: party.roleClaim });
  });
}

async function findParty({ identity, providers }: OidcDependencies, key: string): Promise<Party> {
  const provider = providers.find(({ name }) => name === key);
  if (provider !== undefined) {
    return { key, config: provider, secret: provider.secret, roleClaim: null, target: { provider: key } };
  }
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key)) throw new PlatformError('provider_missing');
  const connection = await loadConnection(identity, key);
  if (connection.protocol !== 'oidc') throw new PlatformError('provider_missing');
  const { secret, roleClaim } = connection;
  return {
    key,
    config: oidcConfig.parse(connection.config),
    secret,
    roleClaim,
    target: { connectionId: key },
  };
}

function configure({ clients }: OidcDependencies, { config, secret }: Party): Promise<client.Configuration> {
  const { issuer, clientId } = config;
  return answering(() => clients.configuration({ issuer, clientId, secret }));
}

/** Exactly what is registered with the issuer. */
export function redirectAddress({ origin }: Pick<OidcDependencies, 'origin'>, key: string): string {
  return `${origin()}/sign-in/oidc/callback/${key}`;
}

/** A provider's fault is never told in its words: those may be anybody's. */
async function answering<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    const outbound = outboundOf(error);
    const isAway = outbound?.code === 'unreachable' || isServerFault(error);
    throw new PlatformError(isAway ? 'provider_unreachable' : 'provider_refused', { cause: error });
  }
}

function outboundOf(error: unknown): OutboundError | undefined {
  if (error instanceof OutboundError) return error;
  return error instanceof Error ? outboundOf(error.cause) : undefined;
}

/** A 5xx of the issuer's. */
function isServerFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error.cause instanceof Response && error.cause.status >= 500) || isServerFault(error.cause);
}
