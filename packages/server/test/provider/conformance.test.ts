import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { Browser } from './browser.ts';
import { authorize, flowOf, signIn } from './flow.ts';
import { openProvider, type Fixture, type Person, type Registered } from './fixture.ts';

/** The basics of the OpenID Connect certification plan for a code-flow provider, as far as this one offers them. */
describe('OpenID Connect basics (AUT-8)', () => {
  let fixture: Fixture;
  let shop: Registered;
  let person: Person;
  before(async () => {
    fixture = await openProvider();
    shop = await fixture.register({ id: 'shop' });
    person = await fixture.person();
  });
  after(() => fixture.close());

  it('discovery stands at both well-known addresses and says the same', async () => {
    const [openid, oauth] = await Promise.all(
      [
        `${fixture.issuer}/.well-known/openid-configuration`,
        `${fixture.origin}/.well-known/oauth-authorization-server/oidc`,
      ].map(async (address) => {
        const answer = await fetch(address);
        assert.equal(answer.headers.get('access-control-allow-origin'), '*', 'readable from everywhere');
        return (await answer.json()) as { issuer: string };
      }),
    );
    assert.deepEqual(openid, oauth);
    assert.equal(openid?.issuer, fixture.issuer);
  });

  it('an ID token says what it must, signed by a published key', async () => {
    const { url, checks } = await authorize(shop, person.browser, { scope: 'openid' });
    const tokens = await client.authorizationCodeGrant(shop.configuration, new URL(url), checks);
    const token = tokens.id_token ?? '';
    const header = decodeProtectedHeader(token);
    assert.equal(header.alg, 'EdDSA');
    const keys = createRemoteJWKSet(new URL(`${fixture.issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, { issuer: fixture.issuer, audience: 'shop' });
    assert.equal(payload.sub, person.accountId);
    assert.equal(payload['nonce'], checks.expectedNonce);
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 600);
    assert.equal(typeof payload['auth_time'], 'number');
    if (payload['at_hash'] !== undefined) {
      const half = createHash('sha512').update(tokens.access_token).digest().subarray(0, 32);
      assert.equal(payload['at_hash'], half.toString('base64url'));
    }
  });

  it('userinfo wants a token, in the header, and gives what the scopes allow', async () => {
    const tokens = await signIn(shop, person.browser, { scope: 'openid email' });
    const ask = async (init: RequestInit, query = '') => {
      const answer = await fetch(`${fixture.issuer}/userinfo${query}`, init);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const authorization = `Bearer ${tokens.access_token}`;
    assert.deepEqual((await ask({ headers: { authorization } })).body, {
      sub: person.accountId,
      email: person.email,
      email_verified: false,
    });
    assert.equal((await ask({ method: 'POST', headers: { authorization } })).status, 200);
    assert.equal((await ask({})).status, 401);
    assert.equal((await ask({ headers: { authorization: 'Bearer nothing' } })).status, 401);
    assert.equal((await ask({}, `?access_token=${tokens.access_token}`)).status, 400);
  });

  it('errors go back with state and issuer; what is not offered is refused', async () => {
    const wanted: [Record<string, string>, string][] = [
      [{ scope: 'openid', response_type: 'token' }, 'invalid_request'],
      [{ scope: 'openid', response_type: 'code id_token' }, 'invalid_request'],
      [{ scope: 'openid', request: 'x.y.z' }, 'request_not_supported'],
      [{ scope: 'openid', registration: '{}' }, 'registration_not_supported'],
      [{ scope: 'openid', prompt: 'none login' }, 'invalid_request'],
      [{ scope: 'openid', max_age: '-1' }, 'invalid_request'],
    ];
    for (const [parameters, error] of wanted) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { url, checks } = await authorize(shop, person.browser, parameters);
      const answer = new URL(url);
      const said = answer.hash === '' ? answer.searchParams : new URLSearchParams(answer.hash.slice(1));
      assert.equal(said.get('error'), error, JSON.stringify(parameters));
      assert.equal(said.get('state'), checks.expectedState);
      assert.equal(said.get('iss'), fixture.issuer);
    }
  });

  it('a parameter given twice, an unknown client, and other response modes are refused', async () => {
    const twice = await flowOf(shop, { scope: 'openid' });
    twice.url.searchParams.append('scope', 'openid email');
    const answer = await person.browser.follow(twice.url);
    assert.equal(new URL(answer.url).searchParams.get('error'), 'invalid_request');
    const mode = await authorize(shop, person.browser, { scope: 'openid', response_mode: 'form_post' });
    assert.match(mode.text + mode.url, /invalid_request/);
    assert.equal(mode.status, 400);
    assert.ok(!mode.text.includes('<script'), 'no page of the library’s own');
    assert.ok(!(mode.headers.get('content-security-policy') ?? '').includes('sha256'));
    const unknown = await person.browser.visit('/oidc/authorize?client_id=nobody&response_type=code');
    assert.equal(unknown.status, 400);
  });

  it('log-out with nobody signed in leads straight back', async () => {
    const till = await fixture.register({
      id: 'till',
      postLogoutRedirectUris: ['https://till.example.com/bye'],
    });
    const { id_token: hint = '' } = await signIn(till, person.browser, { scope: 'openid' });
    const parameters = { post_logout_redirect_uri: 'https://till.example.com/bye', state: 'abc' };
    const url = client.buildEndSessionUrl(till.configuration, { id_token_hint: hint, ...parameters });
    const elsewhere = new Browser(fixture.origin);
    const left = await elsewhere.visit(url);
    assert.equal(left.status, 303);
    assert.equal(left.location, 'https://till.example.com/bye?state=abc');
    const alone = await elsewhere.visit('/oidc/logout');
    assert.equal(alone.location, `${fixture.issuer}/logout/success`);
    assert.match((await elsewhere.visit(alone.location ?? '')).text, /You are signed out/);
  });

  it('the token endpoint keeps nothing, and knows two grants', async () => {
    const answer = async (body: Record<string, string>) =>
      fetch(`${fixture.issuer}/token`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${Buffer.from(`shop:${shop.secret}`).toString('base64')}`,
        },
        body: new URLSearchParams(body),
      });
    for (const grant of ['password', 'client_credentials', 'implicit']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const refused = await answer({ grant_type: grant });
      assert.equal(refused.status, 400);
      assert.equal(refused.headers.get('cache-control'), 'no-store');
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal(((await refused.json()) as { error: string }).error, 'unsupported_grant_type');
    }
    const large = await answer({ grant_type: 'authorization_code', code: 'x'.repeat(60_000) });
    assert.ok(large.status >= 400);
    for (const path of ['/reg', '/register', '/device/auth', '/request', '/nothing']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await fetch(`${fixture.issuer}${path}`)).status, 404, path);
    }
    const wrongMethod = await fetch(`${fixture.issuer}/token`);
    assert.equal(wrongMethod.status, 404);
  });
});
