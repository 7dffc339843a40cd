import * as client from 'openid-client';
import { PlatformError } from '../../../errors.ts';
import type { ProviderAssertion } from '../assertion.ts';
import type { OidcConfig } from './config.ts';

type Answer = {
  configuration: client.Configuration;
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers;
  config: OidcConfig;
  roleClaim: string | null;
};

const mostGroups = 1000;

/**
 * What an accepted ID token says, and where it gives no address, the userinfo endpoint for the same subject.
 *
 * @throws PlatformError provider_refused; what openid-client throws
 */
export async function readAssertion({
  configuration,
  tokens,
  config,
  roleClaim,
}: Answer): Promise<ProviderAssertion> {
  const idToken = tokens.claims();
  if (idToken === undefined) throw new PlatformError('provider_refused');
  // Values of one document, never mixed: an address of the one beside a verification of the other means nothing.
  const hasAddress = typeof idToken['email'] === 'string';
  const canAsk = configuration.serverMetadata().userinfo_endpoint !== undefined;
  const claims: Readonly<Record<string, unknown>> =
    hasAddress || !canAsk
      ? idToken
      : await client.fetchUserInfo(configuration, tokens.access_token, idToken.sub);
  const verified = claims['email_verified'];
  return {
    issuer: idToken.iss,
    subject: idToken.sub,
    email: textOf(claims['email']),
    emailVerified: verified === true || (config.emailVerification === 'domain' && verified === undefined),
    name: textOf(claims['name']),
    groups: roleClaim === null ? [] : groupsOf(idToken[roleClaim] ?? claims[roleClaim]),
    methods: config.trustsMultiFactor && listOf(idToken['amr']).includes('mfa') ? ['mfa'] : [],
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function groupsOf(value: unknown): string[] {
  const groups = typeof value === 'string' ? [value] : listOf(value);
  return groups.filter((group) => group.length <= 200).slice(0, mostGroups);
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
