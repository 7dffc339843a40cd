import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { readSession, signOut } from '@bulkhead/platform/identity';
import { logoutAttempts } from '@bulkhead/platform/identity/provider';
import { OutboundError } from '@bulkhead/platform/outbound';
import type { Duty } from '../../src/duties/duty.ts';
import { postLogout } from '../../src/provider/post.ts';
import { logoutDuty, providerUpkeepDuty, type PostForm } from '../../src/provider/logoutDuty.ts';
import { signIn } from './flow.ts';
import { listenForLogouts, openProvider, type Fixture, type Person, type Registered } from './fixture.ts';

describe('log-out at one application is log-out at all (AUT-8)', () => {
  let fixture: Fixture;
  let heard: Awaited<ReturnType<typeof listenForLogouts>>;
  let shop: Registered;
  let desk: Registered;
  let now = Date.now();
  before(async () => {
    fixture = await openProvider();
    heard = await listenForLogouts();
    const postLogoutRedirectUris = ['https://shop.example.com/bye'];
    shop = await fixture.register({ id: 'shop', postLogoutRedirectUris });
    desk = await fixture.register({ id: 'desk', backchannelLogoutUri: heard.uri });
  });
  after(async () => {
    await heard.close();
    await fixture.close();
  });

  const dutyWith = (post: PostForm): Duty =>
    logoutDuty({
      worker: fixture.worker,
      clock: () => now,
      signingKeys: fixture.signingKeys,
      issuer: () => fixture.issuer,
      post,
      randomId: randomUUID,
    });
  const nearby = (): PostForm => {
    const port = Number(new URL(heard.uri).port);
    return postLogout({
      http: true,
      ports: [port],
      privateTargets: [{ range: '127.0.0.1/32', ports: [port] }],
    });
  };
  const run = (duty: Duty) => duty.run(new AbortController().signal);

  const leave = async (person: Person, parameters: Record<string, string>) => {
    const page = await person.browser.visit(client.buildEndSessionUrl(shop.configuration, parameters));
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const done = await person.browser.visit('/oidc/logout/confirm', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: fixture.origin,
        'sec-fetch-site': 'same-origin',
      },
      body: new URLSearchParams({ xsrf, logout: 'yes' }),
    });
    return { page, done };
  };

  it('ends the service’s own session, tells the other application, and leads back', async () => {
    const person = await fixture.person();
    const tokens = await signIn(shop, person.browser, { scope: 'openid' });
    const other = await signIn(desk, person.browser, { scope: 'openid' });
    const { page, done } = await leave(person, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'https://shop.example.com/bye',
      state: 'abc',
    });
    assert.equal(page.status, 200);
    // It proved whose session it means: the page submits itself, by a script of our own.
    const [, nonce = ''] =
      /<script src="\/oidc\/submit.js" nonce="([^"]{24})" defer><\/script>/.exec(page.text) ?? [];
    assert.ok(page.headers.get('content-security-policy')?.endsWith(`; script-src 'nonce-${nonce}'`));
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /form-action 'self' https:\/\/shop\.example\.com;/,
    );
    assert.equal(done.location, 'https://shop.example.com/bye?state=abc');
    assert.equal(await readSession(fixture.identity, person.started.token), null);
    await assert.rejects(client.refreshTokenGrant(desk.configuration, other.refresh_token ?? ''), {
      error: 'invalid_grant',
    });
    now = Date.now() + 1000;
    await run(dutyWith(nearby()));
    const [token = ''] = heard.received.splice(0);
    assert.equal(decodeProtectedHeader(token).typ, 'logout+jwt');
    const keys = createRemoteJWKSet(new URL(`${fixture.issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, {
      issuer: fixture.issuer,
      audience: 'desk',
      typ: 'logout+jwt',
    });
    assert.equal(payload.sub, person.accountId);
    assert.equal(payload['sid'], other.claims()?.['sid']);
    assert.equal(payload['nonce'], undefined);
    assert.deepEqual(payload['events'], { 'http://schemas.openid.net/event/backchannel-logout': {} });
    await run(dutyWith(nearby()));
    assert.deepEqual(heard.received, [], 'told once');
  });

  it('asks first when the application proves nothing, and takes no for an answer', async () => {
    const person = await fixture.person();
    await signIn(shop, person.browser, { scope: 'openid' });
    const page = await person.browser.visit('/oidc/logout');
    assert.ok(!page.text.includes('<script'));
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const confirm = (body: Record<string, string>, origin: string) =>
      person.browser.visit('/oidc/logout/confirm', {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin,
          'sec-fetch-site': origin === fixture.origin ? 'same-origin' : 'same-site',
        },
        body: new URLSearchParams(body),
      });
    assert.equal((await confirm({ xsrf, logout: 'yes' }, 'https://evil.example')).status, 403);
    assert.equal((await confirm({ xsrf: 'guess', logout: 'yes' }, fixture.origin)).status, 400);
    await confirm({ xsrf }, fixture.origin);
    assert.notEqual(await readSession(fixture.identity, person.started.token), null);
  });

  it('refuses to lead anywhere that is not registered', async () => {
    const person = await fixture.person();
    const tokens = await signIn(shop, person.browser, { scope: 'openid' });
    const { page } = await leave(person, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'https://evil.example/bye',
    });
    assert.equal(page.status, 400);
  });

  it('another person’s ID token does not sign this one out unasked', async () => {
    const [person, other] = [await fixture.person(), await fixture.person()];
    const foreign = await signIn(shop, other.browser, { scope: 'openid' });
    await signIn(shop, person.browser, { scope: 'openid' });
    const page = await person.browser.visit(
      client.buildEndSessionUrl(shop.configuration, { id_token_hint: foreign.id_token ?? '' }),
    );
    assert.ok(!page.text.includes('<script'));
  });

  it('tells applications however the session ended, and tries again when nobody answers', async () => {
    const person = await fixture.person();
    await signIn(desk, person.browser, { scope: 'openid' });
    await signOut(fixture.identity, person.started.token);
    now = Date.now() + 1000;
    let tries = 0;
    const fails: PostForm = () => {
      tries += 1;
      return Promise.reject(new OutboundError('unreachable', 'nobody answers'));
    };
    await run(dutyWith(fails));
    await run(dutyWith(fails));
    assert.equal(tries, 1, 'not before its time');
    const waits = [15_000, 60_000, 240_000, 960_000, 3_600_000, 3_600_000];
    for (const wait of waits) {
      now += wait - 1;
      // oxlint-disable-next-line no-await-in-loop -- time passes
      await run(dutyWith(fails));
      const before: number = tries;
      now += 1;
      // oxlint-disable-next-line no-await-in-loop -- time passes
      await run(dutyWith(fails));
      assert.equal(tries, before + 1);
    }
    now += 3_600_000;
    await run(dutyWith(nearby()));
    assert.equal(heard.received.splice(0).length, 1);
    now += 86_400_000;
    await run(dutyWith(nearby()));
    assert.deepEqual(heard.received, []);
    assert.equal(tries + 1, logoutAttempts);
  });

  it('an address that leads inside is never called, and a server that refuses is asked again', async () => {
    const person = await fixture.person();
    await signIn(desk, person.browser, { scope: 'openid' });
    await signOut(fixture.identity, person.started.token);
    now = Date.now() + 1000;
    // The guard with nothing opened: the application's address is this machine.
    await run(dutyWith(postLogout({})));
    assert.deepEqual(heard.received, []);
    const { rows } = await fixture.identity.pool.query<{ failure: string }>(
      'select logout_failure as failure from identity.provider_sign_in where logout_due_at is not null',
    );
    assert.deepEqual(rows, [{ failure: 'url_refused' }]);
    now += 60_000;
    await run(dutyWith(nearby()));
    assert.equal(heard.received.splice(0).length, 1);
  });

  it('two servers send one token', async () => {
    const person = await fixture.person();
    await signIn(desk, person.browser, { scope: 'openid' });
    await signOut(fixture.identity, person.started.token);
    now = Date.now() + 1000;
    await Promise.all([run(dutyWith(nearby())), run(dutyWith(nearby())), run(dutyWith(nearby()))]);
    assert.equal(heard.received.splice(0).length, 1);
  });

  it('a session that ran out is an ended one; what is over is deleted', async () => {
    const person = await fixture.person();
    await signIn(desk, person.browser, { scope: 'openid' });
    now = Date.now() + 15 * 86_400_000;
    const upkeep = providerUpkeepDuty({ worker: fixture.worker, clock: () => now });
    await run(upkeep);
    await run(dutyWith(nearby()));
    assert.equal(heard.received.splice(0).length, 1);
    const { rows } = await fixture.identity.pool.query<{ left: number }>(
      'select count(*)::int as left from identity.provider_record',
    );
    assert.deepEqual(rows, [{ left: 0 }]);
  });
});
