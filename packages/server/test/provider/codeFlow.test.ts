import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { authorize, flowOf, signIn } from './flow.ts';
import { openProvider, type Fixture, type Person, type Registered } from './fixture.ts';

describe('sign-in of an application by openid-client (AUT-8)', () => {
  let fixture: Fixture;
  let shop: Registered;
  let desk: Registered;
  let person: Person;
  before(async () => {
    fixture = await openProvider();
    await fixture.register({
      id: 'orders-api',
      redirectUris: [],
      resource: 'https://orders.example.com',
      resourceScopes: ['orders:read', 'orders:write'],
      tokenFormat: 'jwt',
    });
    shop = await fixture.register({ id: 'shop', mayCall: ['https://orders.example.com'] });
    desk = await fixture.register({ id: 'desk' });
    person = await fixture.person();
  });
  after(() => fixture.close());

  it('publishes what it is, at the issuer’s path', () => {
    const metadata = shop.configuration.serverMetadata();
    assert.equal(metadata.issuer, fixture.issuer);
    assert.equal(metadata.authorization_endpoint, `${fixture.issuer}/authorize`);
    assert.deepEqual(metadata.response_types_supported, ['code']);
    assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
    assert.deepEqual(metadata.subject_types_supported, ['public']);
    assert.deepEqual(metadata.id_token_signing_alg_values_supported, ['EdDSA']);
    assert.equal(metadata.authorization_response_iss_parameter_supported, true);
    assert.equal(metadata.backchannel_logout_supported, true);
    assert.equal(metadata.registration_endpoint, undefined);
  });

  it('signs in with the live session, without a second sign-in', async () => {
    const flow = await flowOf(shop, { scope: 'openid profile email tenant' });
    const arrived = await person.browser.follow(flow.url);
    assert.ok(arrived.url.startsWith(shop.redirectUri), arrived.url);
    assert.equal(new URL(arrived.url).searchParams.get('iss'), fixture.issuer);
    const tokens = await client.authorizationCodeGrant(shop.configuration, new URL(arrived.url), flow.checks);
    const claims = tokens.claims();
    assert.equal(claims?.sub, person.accountId);
    assert.equal(claims?.['sid'] === undefined, true, 'no back-channel address, so no sid');
    assert.deepEqual(claims?.['amr'], ['pwd']);
    const told = await client.fetchUserInfo(shop.configuration, tokens.access_token, person.accountId);
    assert.equal(told.email, person.email);
    assert.equal(told['tenant_id'], person.tenants[0]);
    assert.equal(told['role'], 'owner');
    const second = await signIn(desk, person.browser, { scope: 'openid' });
    assert.equal(second.claims()?.sub, person.accountId);
    assert.deepEqual(fixture.faults, []);
  });

  it('sets one cookie that lasts: encrypted, Lax, HttpOnly, Secure, __Host- (AUT-9)', async () => {
    const browser = (await fixture.person()).browser;
    const lines: string[] = [];
    let at: string | undefined = (await flowOf(shop, { scope: 'openid' })).url.href;
    while (at !== undefined && new URL(at, fixture.origin).origin === fixture.origin) {
      // oxlint-disable-next-line no-await-in-loop -- each answer says where the next is
      const visit = await browser.visit(at);
      lines.push(...visit.headers.getSetCookie());
      at = visit.location === undefined ? undefined : new URL(visit.location, fixture.origin).href;
    }
    for (const line of lines) {
      assert.match(
        line,
        /^__Host-bulkhead_provider(?:_(?:interaction|resume)_[\w-]+)?=[\w-]*; Path=\/; HttpOnly; Secure; SameSite=Lax(?:; Max-Age=\d+)?$/,
      );
    }
    assert.deepEqual([...browser.cookies.keys()].filter((name) => !name.includes('interaction')).toSorted(), [
      '__Host-bulkhead',
      '__Host-bulkhead_provider',
    ]);
    const value = Buffer.from(browser.cookies.get('__Host-bulkhead_provider') ?? '', 'base64url').toString(
      'latin1',
    );
    assert.ok(!value.includes('session') && !value.includes('value'));
  });

  it('gives back ends short tokens bound to them, with tenant and roles (AUT-1)', async () => {
    const tokens = await signIn(shop, person.browser, {
      scope: 'openid orders:read',
      resource: 'https://orders.example.com',
    });
    assert.equal(tokens.expires_in, 300);
    assert.equal(decodeProtectedHeader(tokens.access_token).typ, 'at+jwt');
    const keys = createRemoteJWKSet(new URL(`${fixture.issuer}/jwks`));
    const accept = (audience: string) =>
      jwtVerify(tokens.access_token, keys, {
        issuer: fixture.issuer,
        audience,
        typ: 'at+jwt',
        algorithms: ['EdDSA'],
      });
    const { payload } = await accept('https://orders.example.com');
    assert.equal(payload.sub, person.accountId);
    assert.equal(payload['client_id'], 'shop');
    assert.equal(payload['scope'], 'orders:read');
    assert.equal(payload['tenant_id'], person.tenants[0]);
    assert.equal(payload['role'], 'owner');
    assert.deepEqual(payload['module_roles'], []);
    await assert.rejects(accept('https://files.example.com'), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
    // An ID token is no access token, though the same key signed it.
    await assert.rejects(
      jwtVerify(tokens.id_token ?? '', keys, { issuer: fixture.issuer, audience: 'shop', typ: 'at+jwt' }),
      { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' },
    );
  });

  it('refuses a resource nobody registered, or that the application may not call', async () => {
    for (const [application, resource] of [
      [shop, 'https://unknown.example.com'],
      [desk, 'https://orders.example.com'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const arrived = await authorize(application, person.browser, { scope: 'openid', resource });
      assert.equal(new URL(arrived.url).searchParams.get('error'), 'invalid_target');
    }
  });
});
