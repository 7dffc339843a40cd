import * as client from 'openid-client';
import type { Browser } from './browser.ts';
import type { Registered } from './fixture.ts';

export type Wanted = Record<string, string>;

/** An authorization request as openid-client builds it, and what it will check the answer against. */
export async function flowOf(
  { configuration, redirectUri }: Registered,
  wanted: Wanted,
): Promise<{ url: URL; checks: client.AuthorizationCodeGrantChecks }> {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...wanted,
  });
  return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
}

/** Takes the browser through it, to where it leaves the service. */
export async function authorize(application: Registered, browser: Browser, wanted: Wanted) {
  const flow = await flowOf(application, wanted);
  return { ...flow, ...(await browser.follow(flow.url)), start: flow.url };
}

/** The whole sign-in. */
export async function signIn(application: Registered, browser: Browser, wanted: Wanted) {
  const { url, checks } = await authorize(application, browser, wanted);
  return client.authorizationCodeGrant(application.configuration, new URL(url), checks);
}
