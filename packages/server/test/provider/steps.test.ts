import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as client from 'openid-client';
import { signIn as signInWithPassword } from '@bulkhead/platform/identity';
import pg from 'pg';
import { goodPassword } from '../fixture.ts';
import { Browser } from './browser.ts';
import { authorize, signIn } from './flow.ts';
import { openProvider, type Fixture, type Person, type Registered } from './fixture.ts';

type Step = {
  next: string;
  location?: string;
  application?: string;
  organisations?: { id: string; name: string }[];
};

describe('what an application’s sign-in asks of a person (AUT-8)', () => {
  let fixture: Fixture;
  let shop: Registered;
  let desk: Registered;
  before(async () => {
    fixture = await openProvider();
    await fixture.register({
      id: 'orders-api',
      redirectUris: [],
      resource: 'https://orders.example.com',
      resourceScopes: ['orders:read'],
      tokenFormat: 'opaque',
    });
    shop = await fixture.register({ id: 'shop', mayCall: ['https://orders.example.com'] });
    desk = await fixture.register({ id: 'desk' });
  });
  after(() => fixture.close());

  const stepOf = async (browser: Browser, uid: string, answer: object = {}): Promise<Step> => {
    const visit = await browser.post(`/oidc/interaction/${uid}`, answer);
    return JSON.parse(visit.text) as Step;
  };
  const begin = async (browser: Browser, application: Registered, wanted: Record<string, string>) => {
    const begun = await authorize(application, browser, wanted);
    return { ...begun, uid: new URL(begun.url).searchParams.get('interaction') ?? '' };
  };

  it('nobody signed in: the console’s own sign-in, then straight on', async () => {
    const browser = new Browser(fixture.origin);
    const begun = await begin(browser, shop, { scope: 'openid' });
    assert.deepEqual(await stepOf(browser, begun.uid), { next: 'sign_in', application: 'Application shop' });
    const person = await fixture.person();
    browser.set('__Host-bulkhead', person.started.token);
    const step = await stepOf(browser, begun.uid);
    assert.equal(step.next, 'continue');
    const arrived = await browser.follow(step.location ?? '');
    const tokens = await client.authorizationCodeGrant(
      shop.configuration,
      new URL(arrived.url),
      begun.checks,
    );
    assert.equal(tokens.claims()?.sub, person.accountId);
    // The cookies of the interaction are gone; it cannot be taken up again.
    assert.deepEqual(
      [...browser.cookies.keys()].filter((name) => name.includes('resume')),
      [],
    );
    assert.deepEqual(await stepOf(browser, begun.uid), { next: 'expired' });
  });

  it('prompt=none never asks', async () => {
    const { url } = await authorize(shop, new Browser(fixture.origin), { scope: 'openid', prompt: 'none' });
    assert.equal(new URL(url).searchParams.get('error'), 'login_required');
  });

  it('prompt=login and max_age want proof younger than the request', async () => {
    const person = await fixture.person();
    await signIn(shop, person.browser, { scope: 'openid' });
    await provedAgo(fixture, person, 100);
    for (const wanted of [{ prompt: 'login' }, { max_age: '60' }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const browser = new Browser(fixture.origin);
      browser.set('__Host-bulkhead', person.started.token);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const begun = await begin(browser, shop, { scope: 'openid', ...wanted });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await stepOf(browser, begun.uid)).next, 'prove_again');
    }
    const begun = await begin(person.browser, shop, { scope: 'openid', prompt: 'login' });
    assert.equal((await stepOf(person.browser, begun.uid)).next, 'prove_again');
    await provedAgo(fixture, person, -2);
    fixture.identity.sessions.forgetAccount(person.accountId);
    const step = await stepOf(person.browser, begun.uid);
    assert.equal(step.next, 'continue');
    const arrived = await person.browser.follow(step.location ?? '');
    const tokens = await client.authorizationCodeGrant(
      shop.configuration,
      new URL(arrived.url),
      begun.checks,
    );
    assert.ok((tokens.claims()?.auth_time ?? 0) >= Math.floor(Date.now() / 1000) - 5);
  });

  it('of several organisations one is chosen, once for each application, and can be named', async () => {
    const person = await fixture.person({ tenants: 2 });
    const [first = '', second = ''] = person.tenants;
    const begun = await begin(person.browser, shop, { scope: 'openid tenant' });
    const step = await stepOf(person.browser, begun.uid);
    assert.equal(step.next, 'choose');
    assert.deepEqual(step.organisations?.map(({ id }) => id).toSorted(), [first, second].toSorted());
    const chosen = await stepOf(person.browser, begun.uid, { tenant: second });
    const arrived = await person.browser.follow(chosen.location ?? '');
    const tokens = await client.authorizationCodeGrant(
      shop.configuration,
      new URL(arrived.url),
      begun.checks,
    );
    const told = await client.fetchUserInfo(shop.configuration, tokens.access_token, person.accountId);
    assert.equal(told['tenant_id'], second);
    // Remembered for this application, not for another one.
    await signIn(shop, person.browser, { scope: 'openid tenant' });
    assert.equal(
      (await begin(person.browser, desk, { scope: 'openid tenant' })).url.includes('application-sign-in'),
      true,
    );
    // Named: no question. What was granted for the other organisation ends.
    const named = await signIn(shop, person.browser, { scope: 'openid tenant', tenant: first });
    const toldNow = await client.fetchUserInfo(shop.configuration, named.access_token, person.accountId);
    assert.equal(toldNow['tenant_id'], first);
    await assert.rejects(client.refreshTokenGrant(shop.configuration, tokens.refresh_token ?? ''), {
      error: 'invalid_grant',
    });
  });

  it('another organisation’s id is refused, chosen or named', async () => {
    const [person, stranger] = [await fixture.person({ tenants: 2 }), await fixture.person()];
    const foreign = stranger.tenants[0] ?? '';
    const begun = await begin(person.browser, shop, { scope: 'openid tenant' });
    const step = await stepOf(person.browser, begun.uid, { tenant: foreign });
    const refused = await person.browser.follow(step.location ?? '');
    assert.equal(new URL(refused.url).searchParams.get('error'), 'access_denied');
    const named = await authorize(shop, person.browser, { scope: 'openid tenant', tenant: foreign });
    assert.equal(new URL(named.url).searchParams.get('error'), 'access_denied');
    const crooked = await authorize(shop, person.browser, {
      scope: 'openid tenant',
      tenant: `${foreign}'--`,
    });
    assert.equal(new URL(crooked.url).searchParams.get('error'), 'invalid_request');
  });

  it('a membership that ended ends the refresh', async () => {
    const person = await fixture.person();
    const tokens = await signIn(shop, person.browser, {
      scope: 'openid orders:read',
      resource: 'https://orders.example.com',
    });
    const admin = new pg.Client(fixture.database.connections.superuser);
    await admin.connect();
    await admin.query('alter table identity.membership disable trigger user');
    await admin.query('update identity.membership set deleted_at = now() where account_id = $1', [
      person.accountId,
    ]);
    await admin.query('alter table identity.membership enable trigger user');
    await admin.end();
    await assert.rejects(
      client.refreshTokenGrant(shop.configuration, tokens.refresh_token ?? '', {
        resource: 'https://orders.example.com',
      }),
      { error: 'invalid_grant' },
    );
  });

  it('an opaque token is introspected by its back end alone, and revoked at once', async () => {
    const person = await fixture.person();
    const api = await fixture.register({
      id: 'files-api',
      redirectUris: [],
      resource: 'https://files.example.com',
      resourceScopes: ['files:read'],
      tokenFormat: 'opaque',
    });
    const stranger = await fixture.register({
      id: 'mail-api',
      redirectUris: [],
      resource: 'https://mail.example.com',
      tokenFormat: 'opaque',
    });
    const app = await fixture.register({ id: 'files', mayCall: ['https://files.example.com'] });
    const { access_token: token } = await signIn(app, person.browser, {
      scope: 'openid files:read',
      resource: 'https://files.example.com',
    });
    const told = await client.tokenIntrospection(api.configuration, token);
    assert.equal(told.active, true);
    assert.equal(told.sub, person.accountId);
    assert.equal(told.aud, 'https://files.example.com');
    assert.equal(told['tenant_id'], person.tenants[0]);
    assert.deepEqual(await client.tokenIntrospection(stranger.configuration, token), { active: false });
    await client.tokenRevocation(app.configuration, token);
    assert.deepEqual(await client.tokenIntrospection(api.configuration, token), { active: false });
  });

  it('signing in anew in another browser leaves this one’s sign-ins alone', async () => {
    const person = await fixture.person();
    const tokens = await signIn(shop, person.browser, { scope: 'openid' });
    await signInWithPassword(fixture.identity, {
      email: person.email,
      password: goodPassword,
      device: {},
    });
    await client.refreshTokenGrant(shop.configuration, tokens.refresh_token ?? '');
  });

  it('the console’s step refuses other origins, and the pages carry our headers (T-56)', async () => {
    const browser = new Browser(fixture.origin);
    const begun = await begin(browser, shop, { scope: 'openid' });
    const forged = await browser.visit(`/oidc/interaction/${begun.uid}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
      },
      body: '{}',
    });
    assert.equal(forged.status, 403);
    const page = await browser.visit('/oidc/authorize?client_id=nobody');
    assert.equal(page.status, 400);
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.ok(!/unsafe|nonce|sha256/.test(policy));
    assert.match(policy, /default-src 'none'/);
    assert.ok(!/<script|style=/.test(page.text));
    const reflected = await browser.visit('/oidc/authorize?client_id=%3Cscript%3Ealert(1)%3C/script%3E');
    assert.ok(!reflected.text.includes('<script>'));
    assert.equal(page.headers.get('x-frame-options'), 'DENY');
    // Whoever posts there from elsewhere is refused before the provider sees it.
    const posted = await browser.visit('/oidc/logout', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://shop.example.com',
        'sec-fetch-site': 'same-site',
      },
      body: 'x=1',
    });
    assert.equal(posted.status, 403);
  });

  it('a public client’s own page may call the token endpoint, another page may not read the answer', async () => {
    const page = await fixture.register({ id: 'page', authentication: 'none' });
    const call = async (origin: string) => {
      const answer = await fetch(`${fixture.issuer}/token`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin,
          'sec-fetch-site': 'same-site',
        },
        body: new URLSearchParams({ grant_type: 'authorization_code', client_id: page.id, code: 'x' }),
      });
      return answer.headers.get('access-control-allow-origin');
    };
    assert.equal(await call('https://page.example.com'), 'https://page.example.com');
    assert.equal(await call('https://evil.example'), null);
  });
});

/** Moves the session's time of proof; negative: to come. */
async function provedAgo(fixture: Fixture, person: Person, seconds: number): Promise<void> {
  const admin = new pg.Client(fixture.database.connections.superuser);
  await admin.connect();
  await admin.query(
    `update identity.session set auth_time = now() - make_interval(secs => $2) where id = $1`,
    [person.started.sessionId, seconds],
  );
  await admin.end();
  fixture.identity.sessions.forgetAccount(person.accountId);
}
