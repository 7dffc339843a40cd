import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import * as client from 'openid-client';
import { signOut } from '@bulkhead/platform/identity';
import { removeClient, rotateClientSecret } from '@bulkhead/platform/identity/provider';
import pg from 'pg';
import { testCipher } from '../../../../test/harness/cipher.ts';
import { ProviderHost } from '../../src/provider/host.ts';
import { Browser } from './browser.ts';
import { authorize, flowOf, signIn } from './flow.ts';
import { openProvider, type Fixture, type Person, type Registered } from './fixture.ts';

const invalidGrant = { code: 'OAUTH_RESPONSE_BODY_ERROR', error: 'invalid_grant', status: 400 };

describe('attacks on the identity provider (AUT-8)', () => {
  let fixture: Fixture;
  let shop: Registered;
  let desk: Registered;
  let person: Person;
  before(async () => {
    fixture = await openProvider();
    shop = await fixture.register({ id: 'shop' });
    desk = await fixture.register({ id: 'desk' });
    person = await fixture.person();
  });
  after(() => fixture.close());

  const errorOf = (url: string): string | null => new URL(url).searchParams.get('error');

  it('a code works once; a second use ends what the first gave', async () => {
    const { url, checks } = await authorize(shop, person.browser, { scope: 'openid' });
    const tokens = await client.authorizationCodeGrant(shop.configuration, new URL(url), checks);
    await assert.rejects(
      client.authorizationCodeGrant(shop.configuration, new URL(url), checks),
      invalidGrant,
    );
    await assert.rejects(
      client.refreshTokenGrant(shop.configuration, tokens.refresh_token ?? ''),
      invalidGrant,
    );
    await assert.rejects(client.fetchUserInfo(shop.configuration, tokens.access_token, person.accountId), {
      code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
    });
  });

  it('a code redeemed by many at once works once at most (T-30)', async () => {
    const { url, checks } = await authorize(shop, person.browser, { scope: 'openid' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () =>
        client.authorizationCodeGrant(shop.configuration, new URL(url), checks),
      ),
    );
    assert.ok(outcomes.filter(({ status }) => status === 'fulfilled').length <= 1);
  });

  it('a code needs the verifier it was asked with, and PKCE cannot be left out', async () => {
    const { url, checks } = await authorize(shop, person.browser, { scope: 'openid' });
    await assert.rejects(
      client.authorizationCodeGrant(shop.configuration, new URL(url), {
        ...checks,
        pkceCodeVerifier: client.randomPKCECodeVerifier(),
      }),
      invalidGrant,
    );
    const flow = await flowOf(shop, { scope: 'openid' });
    flow.url.searchParams.delete('code_challenge');
    flow.url.searchParams.delete('code_challenge_method');
    assert.equal(errorOf((await person.browser.follow(flow.url)).url), 'invalid_request');
    const plain = await flowOf(shop, { scope: 'openid', code_challenge_method: 'plain' });
    assert.equal(errorOf((await person.browser.follow(plain.url)).url), 'invalid_request');
  });

  it('a code of one application is worth nothing to another', async () => {
    const { url, checks } = await authorize(shop, person.browser, { scope: 'openid' });
    await assert.rejects(
      client.authorizationCodeGrant(desk.configuration, new URL(url), checks),
      invalidGrant,
    );
  });

  it('codes go to registered addresses alone, compared character by character', async () => {
    for (const redirect of [
      'https://shop.example.com/callback/',
      'https://shop.example.com/callback?x=1',
      'https://shop.example.com.evil.example/callback',
      'http://shop.example.com/callback',
      'https://SHOP.example.com/callback',
      'https://evil.example/callback',
    ]) {
      const { url } = await flowOf(shop, { scope: 'openid', redirect_uri: redirect });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const arrived = await person.browser.follow(url);
      assert.equal(arrived.status, 400, redirect);
      assert.equal(arrived.location, undefined, redirect);
      assert.match(arrived.text, /invalid_redirect_uri/);
    }
  });

  it('an answer of another issuer is refused by the application (T-40, mix-up)', async () => {
    const { url, checks } = await authorize(shop, person.browser, { scope: 'openid' });
    const mixed = new URL(url);
    mixed.searchParams.set('iss', 'https://evil.example');
    await assert.rejects(client.authorizationCodeGrant(shop.configuration, mixed, checks), {
      code: 'OAUTH_INVALID_RESPONSE',
    });
    mixed.searchParams.delete('iss');
    await assert.rejects(client.authorizationCodeGrant(shop.configuration, mixed, checks), {
      code: 'OAUTH_INVALID_RESPONSE',
    });
  });

  it('a refresh token works once; using it again ends the family', async () => {
    const first = await signIn(shop, person.browser, { scope: 'openid' });
    const second = await client.refreshTokenGrant(shop.configuration, first.refresh_token ?? '');
    assert.notEqual(second.refresh_token, first.refresh_token);
    await assert.rejects(
      client.refreshTokenGrant(shop.configuration, first.refresh_token ?? ''),
      invalidGrant,
    );
    await assert.rejects(
      client.refreshTokenGrant(shop.configuration, second.refresh_token ?? ''),
      invalidGrant,
    );
  });

  it('refreshed by many at once, a family does not fork (T-30)', async () => {
    const { refresh_token: token = '' } = await signIn(shop, person.browser, { scope: 'openid' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => client.refreshTokenGrant(shop.configuration, token)),
    );
    const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    assert.ok(won.length <= 1);
    for (const { value } of won) {
      // oxlint-disable-next-line no-await-in-loop -- one at most
      await assert.rejects(
        client.refreshTokenGrant(shop.configuration, value.refresh_token ?? ''),
        invalidGrant,
      );
    }
  });

  it('ending the session ends everything issued under it', async () => {
    const leaver = await fixture.person();
    const tokens = await signIn(shop, leaver.browser, { scope: 'openid' });
    await signOut(fixture.identity, leaver.started.token);
    await assert.rejects(
      client.refreshTokenGrant(shop.configuration, tokens.refresh_token ?? ''),
      invalidGrant,
    );
    await assert.rejects(client.fetchUserInfo(shop.configuration, tokens.access_token, leaver.accountId), {
      code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
    });
    const again = await authorize(shop, leaver.browser, { scope: 'openid' });
    assert.ok(again.url.startsWith(`${fixture.origin}/application-sign-in?interaction=`), again.url);
  });

  it('disabling the account ends everything too, at once', async () => {
    const leaver = await fixture.person();
    const tokens = await signIn(shop, leaver.browser, { scope: 'openid' });
    await asSuperuser(fixture, (admin) =>
      admin.query(`update identity.account set disabled_at = now(), disabled_reason = 'left' where id = $1`, [
        leaver.accountId,
      ]),
    );
    await assert.rejects(
      client.refreshTokenGrant(shop.configuration, tokens.refresh_token ?? ''),
      invalidGrant,
    );
  });

  it('a tampered, foreign, renamed or doubled cookie is none (AUT-9)', async () => {
    const victim = await fixture.person();
    await signIn(shop, victim.browser, { scope: 'openid' });
    const name = '__Host-bulkhead_provider';
    const good = victim.browser.cookies.get(name) ?? '';
    const silent = async (cookies: Record<string, string>) => {
      const browser = new Browser(fixture.origin);
      for (const [key, value] of Object.entries(cookies)) browser.set(key, value);
      const { url } = await authorize(shop, browser, { scope: 'openid', prompt: 'none' });
      return errorOf(url);
    };
    assert.equal(await silent({ [name]: good }), null);
    const flipped = Buffer.from(good, 'base64url');
    flipped.writeUInt8(flipped.readUInt8(30) ^ 1, 30);
    assert.equal(await silent({ [name]: flipped.toString('base64url') }), 'login_required');
    assert.equal(await silent({ [name]: `${good}; ${name}=${good}` }), 'login_required');
    assert.equal(await silent({ session: 'guess', 'session.sig': 'guess' }), 'login_required');
    const interaction = await authorize(shop, new Browser(fixture.origin), { scope: 'openid' });
    assert.ok(interaction.url.includes('application-sign-in'));
    assert.equal(await silent({ [`${name}_resume_x`]: good }), 'login_required');
  });

  it('an interaction belongs to the browser that began it', async () => {
    const stranger = new Browser(fixture.origin);
    const begun = await authorize(shop, stranger, { scope: 'openid' });
    const uid = new URL(begun.url).searchParams.get('interaction') ?? '';
    const taken = await person.browser.visit(`/oidc/interaction/${uid}`);
    assert.equal(taken.status, 400);
    const step = await person.browser.post(`/oidc/interaction/${uid}`, {});
    assert.deepEqual(JSON.parse(step.text), { next: 'expired' });
  });

  it('a wrong secret, no secret, and a removed application are refused', async () => {
    const { url, checks } = await authorize(desk, person.browser, { scope: 'openid' });
    const other = async (authentication: client.ClientAuth) => {
      const configuration = new client.Configuration(
        desk.configuration.serverMetadata(),
        'desk',
        {},
        authentication,
      );
      client.allowInsecureRequests(configuration);
      return client.authorizationCodeGrant(configuration, new URL(url), checks);
    };
    const refused = { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' };
    await assert.rejects(other(client.ClientSecretBasic('kept-as-a-hash')), refused);
    await assert.rejects(other(client.ClientSecretBasic('A'.repeat(43))), refused);
    await assert.rejects(other(client.ClientSecretBasic(shop.secret)), refused);
    await assert.rejects(other(client.ClientSecretPost(desk.secret)));
    await assert.rejects(other(client.None()));
    const owner = new pg.Client(fixture.database.connections.owner);
    await owner.connect();
    await removeClient({ database: owner, clock: Date.now }, 'desk');
    await owner.end();
    await assert.rejects(other(client.ClientSecretBasic(desk.secret)), refused);
  });

  it('a rotated secret overlaps with the one before for as long as was said', async () => {
    const till = await fixture.register({ id: 'till' });
    const owner = new pg.Client(fixture.database.connections.owner);
    await owner.connect();
    const registrar = { database: owner, clock: Date.now };
    const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
    const rotated = await rotateClientSecret(registrar, { id: 'till', overlap: 60_000 }, random);
    const withSecret = (secret: string): Registered => {
      const configuration = new client.Configuration(
        till.configuration.serverMetadata(),
        'till',
        { id_token_signed_response_alg: 'EdDSA' },
        client.ClientSecretBasic(secret),
      );
      client.allowInsecureRequests(configuration);
      return { ...till, configuration };
    };
    await signIn(withSecret(till.secret), person.browser, { scope: 'openid' });
    await signIn(withSecret(rotated.secret), person.browser, { scope: 'openid' });
    const last = await rotateClientSecret(registrar, { id: 'till', overlap: 0 }, random);
    await owner.end();
    for (const secret of [till.secret, rotated.secret]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(signIn(withSecret(secret), person.browser, { scope: 'openid' }), {
        code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
      });
    }
    await signIn(withSecret(last.secret), person.browser, { scope: 'openid' });
  });

  it('an application may prove itself by its own key', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const vault = await fixture.register({
      id: 'vault',
      authentication: 'private_key',
      publicKeys: { keys: [jwk] },
    });
    const configuration = new client.Configuration(
      vault.configuration.serverMetadata(),
      'vault',
      { id_token_signed_response_alg: 'EdDSA' },
      client.PrivateKeyJwt({ key: privateKey, kid: 'one' }),
    );
    client.allowInsecureRequests(configuration);
    const tokens = await signIn({ ...vault, configuration }, person.browser, { scope: 'openid' });
    assert.equal(tokens.claims()?.sub, person.accountId);
  });

  it('an application that is not first-party signs nobody in', async () => {
    const other = await fixture.register({ id: 'other', firstParty: false });
    const { url } = await authorize(other, person.browser, { scope: 'openid' });
    assert.equal(errorOf(url), 'access_denied');
  });

  it('keys rotate: what the retired key signed is still verified, and signs nothing', async () => {
    const tokens = await signIn(shop, person.browser, { scope: 'openid' });
    const { current, retired } = await fixture.keys.rotate({ now: true });
    const aside = await openAside(fixture);
    try {
      const answer = await fetch(`${aside.url}/jwks`);
      const { keys } = (await answer.json()) as JSONWebKeySet;
      assert.equal(keys[0]?.kid, current, 'the key that signs comes first');
      assert.ok(keys.some(({ kid }) => kid === retired));
      assert.ok(keys.every(({ d }) => d === undefined));
      const set = createLocalJWKSet({ keys });
      await jwtVerify(tokens.id_token ?? '', set, { issuer: fixture.issuer, audience: 'shop' });
    } finally {
      await aside.close();
    }
  });

  it('addresses come from the configuration whatever the request says (T-37)', async () => {
    const answer = await fetch(`${fixture.origin}/oidc/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    });
    const text = await answer.text();
    assert.ok(!text.includes('evil.example'));
    assert.equal((JSON.parse(text) as { token_endpoint: string }).token_endpoint, `${fixture.issuer}/token`);
  });
});

/** Another server of the installation, started after the rotation. */
async function openAside(fixture: Fixture): Promise<{ url: string; close: () => Promise<void> }> {
  const host = new ProviderHost({
    identity: fixture.identity,
    cipher: testCipher(),
    masterKeys: [Buffer.alloc(32, 9)],
    signingKeys: fixture.signingKeys,
    origin: () => fixture.origin,
    onFault: () => {},
  });
  const server = createServer((request, response) => void host.answer(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

async function asSuperuser(fixture: Fixture, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client(fixture.database.connections.superuser);
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
