import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { openListener } from '../../../test/listener.ts';
import { withMutant, type Mutation } from '../../../test/mutant.ts';
import {
  openOrganisation,
  openProvider,
  origin,
  sessionOf,
  type Organisation,
} from '../../../test/oidc/organisation.ts';
import type { IssuerPerson, Misbehaviour } from '../../../test/oidc/issuer.ts';
import { changing, now, wrongAnswers } from '../../../test/oidc/wrongAnswers.ts';
import { readSession } from '../readSession.ts';
import { OidcClients } from './oidc/clients.ts';
import { finishOidc, type OidcReturn, type OidcDependencies } from './oidc/signIn.ts';

let people = 0;

describe('sign-in with OpenID Connect (AUT-6, AUT-7)', () => {
  let fixture: Fixture;
  let keel: Organisation;
  let ada: IssuerPerson;
  before(async () => {
    fixture = await openFixture();
    keel = await openOrganisation(fixture);
  });
  beforeEach(() => {
    people += 1;
    ada = {
      sub: `ada-${people}`,
      email: `ada-${people}@${keel.domain}`,
      email_verified: true,
      name: 'Ada Keel',
    };
    keel.issuer.misbehave({});
  });
  after(async () => {
    await keel.issuer.close();
    await fixture.close();
  });

  test('a person of the proved domain signs in, becomes a member, and reaches that tenant alone', async () => {
    const entered = await keel.enter(ada);
    const session = await readSession(keel.oidc.identity, sessionOf(entered).token);
    assert.ok(session);
    assert.equal(session.account.email, ada['email']);
    assert.equal(session.account.name, 'Ada Keel');
    assert.equal(session.account.emailVerified, true);
    assert.equal(session.confinedTo, keel.owner.tenantId);
    assert.deepEqual(session.methods, ['fed']);
    assert.deepEqual(
      session.memberships.map(({ tenantId, role }) => [tenantId, role]),
      [[keel.owner.tenantId, 'member']],
    );
    assert.equal(entered.returnPath, '/members');
    const again = await keel.enter({ ...ada, email: 'renamed@elsewhere.example' });
    assert.equal(sessionOf(again).accountId, sessionOf(entered).accountId);
  });

  test('the request carries PKCE with S256, state, nonce and the exact redirect address', async () => {
    const { searchParams } = new URL((await keel.begin()).url);
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.match(searchParams.get('code_challenge') ?? '', /^[\w-]{43}$/);
    assert.match(searchParams.get('state') ?? '', /^[\w-]{43}$/);
    assert.match(searchParams.get('nonce') ?? '', /^[\w-]{43}$/);
    assert.equal(searchParams.get('redirect_uri'), `${origin}/sign-in/oidc/callback/${keel.connectionId}`);
    assert.equal(searchParams.get('response_type'), 'code');
  });

  for (const [name, wrong, code = 'provider_refused'] of wrongAnswers) {
    test(`refused: ${name}`, async () => {
      keel.issuer.misbehave(wrong(keel.domain));
      await assert.rejects(keel.enter(ada), refusal(code));
      keel.issuer.misbehave({});
      assert.equal(sessionOf(await keel.enter(ada)).token.length, 43);
    });
  }

  test('clock skew: thirty seconds are allowed, no more', async () => {
    keel.issuer.misbehave(changing({ exp: now() - 20 }));
    assert.equal((await keel.enter(ada)).outcome.kind, 'session');
    keel.issuer.misbehave(changing({ exp: now() - 40 }));
    await assert.rejects(keel.enter(ada), refusal('provider_refused'));
  });

  test('an answer works once, in its browser, for ten minutes, and at its own address (T-33)', async () => {
    keel.issuer.person = ada;
    const [begun, other] = [await keel.begin(), await keel.begin()];
    const returned = await keel.issuer.visit(begun.url);
    const refused = refusal('sign_in_flow_expired');
    const altered = new URL(returned);
    altered.searchParams.set('state', 'A'.repeat(43));
    const twice = new URL(returned);
    twice.searchParams.append('state', returned.searchParams.get('state') ?? '');
    await assert.rejects(keel.comeBack(begun, returned, other.cookie), refused);
    await assert.rejects(keel.comeBack(begun, returned, 'forged'), refused);
    await assert.rejects(
      finishOidc(keel.oidc, {
        key: keel.connectionId,
        query: returned.searchParams,
        cookie: undefined,
        device: {},
      }),
      refused,
    );
    await assert.rejects(keel.comeBack(begun, altered), refused);
    await assert.rejects(keel.comeBack(begun, twice), refused);
    const elsewhere = { key: 'example', query: returned.searchParams, cookie: begun.cookie, device: {} };
    await assert.rejects(finishOidc(keel.oidc, elsewhere), refused);
    assert.equal((await keel.comeBack(begun, returned)).outcome.kind, 'session');
    await assert.rejects(keel.comeBack(begun, returned), refused);
    const late = await keel.issuer.visit(other.url);
    fixture.advance(10 * 60_000);
    await assert.rejects(keel.comeBack(other, late), refused);
    fixture.advance(-10 * 60_000);
  });

  test('of two returns with one answer at once, one starts a session', async () => {
    keel.issuer.person = ada;
    const begun = await keel.begin();
    const returned = await keel.issuer.visit(begun.url);
    const both = await Promise.allSettled([keel.comeBack(begun, returned), keel.comeBack(begun, returned)]);
    assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  test('RFC 9207: the issuer must name itself where it says it does', async () => {
    keel.issuer.person = ada;
    const attempts: ((returned: URL) => void)[] = [
      ({ searchParams }) => searchParams.delete('iss'),
      ({ searchParams }) => searchParams.set('iss', 'https://evil.example'),
      ({ searchParams }) => searchParams.append('iss', keel.issuer.url),
    ];
    for (const change of attempts) {
      const begun = await keel.begin();
      const returned = await keel.issuer.visit(begun.url);
      change(returned);
      await assert.rejects(keel.comeBack(begun, returned), refusal('provider_refused'));
    }
  });

  test('a refusal at the issuer is one here, and its words are not repeated', async () => {
    const begun = await keel.begin();
    const returned = new URL(`${origin}/`);
    const state = new URL(begun.url).searchParams.get('state') ?? '';
    returned.search = new URLSearchParams({
      state,
      iss: keel.issuer.url,
      error: 'access_denied',
      error_description: 'Call +1 555 0100',
    }).toString();
    await assert.rejects(keel.comeBack(begun, returned), (error: Error) => !error.message.includes('555'));
  });

  test('userinfo for another subject is refused; for the same it gives the address', async () => {
    const slim = await openOrganisation(fixture, { claimsInToken: false });
    const eve = { sub: 'eve', email: `eve@${slim.domain}`, email_verified: true };
    slim.issuer.misbehave({ answer: { '/me': (body) => ({ ...body, sub: 'somebody else' }) } });
    await assert.rejects(slim.enter(eve), refusal('provider_refused'));
    slim.issuer.misbehave({});
    assert.equal((await slim.enter(eve)).outcome.kind, 'session');
    await slim.issuer.close();
  });

  describe('discovery', () => {
    const fresh = (): Organisation['oidc'] => ({
      ...keel.oidc,
      clients: new OidcClients({
        clock: keel.oidc.identity.clock,
        outbound: { ...keel.issuer.outbound, timeouts: { total: 500 } },
      }),
    });
    const discovered = async (wrong: Misbehaviour): Promise<unknown> => {
      keel.issuer.misbehave(wrong);
      const party = { issuer: keel.issuer.url, clientId: keel.issuer.clientId, secret: keel.issuer.secret };
      return fresh().clients.configuration(party);
    };
    const document = '/.well-known/openid-configuration';
    const wrong: [string, Misbehaviour][] = [
      [
        'T-40: of another issuer',
        { answer: { [document]: (body) => ({ ...body, issuer: 'https://evil.example' }) } },
      ],
      [
        'with an authorization endpoint that is no https',
        { answer: { [document]: (body) => ({ ...body, authorization_endpoint: 'javascript:alert(1)' }) } },
      ],
      [
        'with a token endpoint over http',
        { answer: { [document]: (body) => ({ ...body, token_endpoint: 'http://127.0.0.1/token' }) } },
      ],
      ['without keys', { answer: { [document]: ({ jwks_uri: gone, ...body }) => ({ ...body, gone }) } }],
      [
        'of 300 kB',
        {
          instead: (_request, response) =>
            !!response
              .writeHead(200, { 'content-type': 'application/json' })
              .end(`{"issuer":"${'a'.repeat(300_000)}"}`),
        },
      ],
      ['that never comes', { instead: () => true }],
      [
        'that is no JSON',
        {
          instead: (_request, response) =>
            !!response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
        },
      ],
      [
        'that redirects',
        {
          instead: (_request, response) =>
            !!response.writeHead(302, { location: 'https://169.254.169.254/' }).end(),
        },
      ],
    ];
    for (const [name, misbehaviour] of wrong) {
      test(`a document ${name} is refused`, () => assert.rejects(discovered(misbehaviour)));
    }

    test('T-52: a document cannot lead a call inside', async () => {
      const inner = await openListener();
      for (const key of ['token_endpoint', 'jwks_uri', 'userinfo_endpoint']) {
        keel.issuer.misbehave({
          answer: { [document]: (body) => ({ ...body, [key]: `https://127.0.0.2:${inner.port}/` }) },
        });
        const led = { ...keel, oidc: fresh() };
        keel.issuer.person = ada;
        const begun = await keel.begin();
        const returned = await keel.issuer.visit(begun.url);
        const back = {
          key: keel.connectionId,
          query: returned.searchParams,
          cookie: begun.cookie,
          device: {},
        };
        if (key === 'userinfo_endpoint') await finishOidc(led.oidc, back);
        else await assert.rejects(finishOidc(led.oidc, back), refusal('provider_refused'), key);
      }
      assert.equal(inner.connections(), 0);
      await inner.close();
    });

    test('what failed is asked for again; what is known is not', async () => {
      const { clients } = fresh();
      const party = { issuer: keel.issuer.url, clientId: 'a', secret: null };
      keel.issuer.misbehave({ instead: (_request, response) => !!response.writeHead(500).end() });
      await assert.rejects(clients.configuration(party));
      keel.issuer.misbehave({});
      const asked = keel.issuer.requests.length;
      await Promise.all([clients.configuration(party), clients.configuration(party)]);
      assert.equal(keel.issuer.requests.length, asked + 1);
    });
  });

  test('T-40: one connection’s answer is not another’s: a mixed-up issuer is refused', async () => {
    const evil = await openOrganisation(fixture);
    keel.issuer.person = ada;
    const [honest, attacking] = [await keel.begin(), await evil.begin()];
    const returned = await keel.issuer.visit(honest.url);
    returned.searchParams.set('state', new URL(attacking.url).searchParams.get('state') ?? '');
    await assert.rejects(evil.comeBack(attacking, returned), refusal('provider_refused'));
    await evil.issuer.close();
  });

  const mutations: [string, Mutation, Misbehaviour][] = [
    [
      'T-39: without the nonce a token of another sign-in is accepted',
      { file: 'identity/singleSignOn/oidc/signIn.ts', from: 'expectedNonce: nonce,', to: '' },
      { claims: ({ nonce: _gone, ...rest }) => rest },
    ],
    [
      'without the signature check a token signed by anybody is accepted',
      {
        file: 'identity/singleSignOn/oidc/clients.ts',
        from: 'client.enableNonRepudiationChecks(configuration);',
        to: '',
      },
      { signature: 'other' },
    ],
    [
      'T-35: without email_verified an unproved address is accepted',
      {
        file: 'identity/singleSignOn/account.ts',
        from: 'email === null || !emailVerified',
        to: 'email === null',
      },
      { claims: (signed) => ({ ...signed, email_verified: false }) },
    ],
    [
      'with a tolerance of minutes an expired token is accepted',
      { file: 'identity/singleSignOn/oidc/clients.ts', from: 'this.#options.tolerance ?? 30', to: '600' },
      { claims: (signed) => ({ ...signed, exp: Math.floor(Date.now() / 1000) - 120 }) },
    ],
  ];
  type Exports = { finishOidc: typeof finishOidc; OidcClients: typeof OidcClients };
  for (const [name, mutation, wrong] of mutations) {
    test(`mutation, ${name}`, async () => {
      keel.issuer.misbehave(wrong);
      await assert.rejects(keel.enter(ada));
      await withMutant<Exports, void>(mutation, 'identity/singleSignOn/index.ts', async (mutant) => {
        const clients = new mutant.OidcClients({
          clock: keel.oidc.identity.clock,
          outbound: keel.issuer.outbound,
        });
        const begun = await keel.begin();
        const returned = await keel.issuer.visit(begun.url);
        const oidc: OidcDependencies = { ...keel.oidc, clients };
        const back: OidcReturn = {
          key: keel.connectionId,
          query: returned.searchParams,
          cookie: begun.cookie,
          device: {},
        };
        assert.equal((await mutant.finishOidc(oidc, back)).outcome.kind, 'session');
      });
    });
  }

  test('a provider of the service: links where both sides proved the address (T-35), and makes no account', async () => {
    const shared = await openProvider(fixture);
    const robin = await fixture.person();
    const google = { sub: 'g-1', email: robin.email.toUpperCase(), email_verified: true };
    const session = await readSession(shared.oidc.identity, sessionOf(await shared.enter(google)).token);
    assert.equal(session?.account.id, robin.accountId);
    assert.equal(session.confinedTo, null);
    assert.deepEqual(
      session.memberships.map(({ tenantId }) => tenantId),
      [robin.tenantId],
    );
    const squatter = await fixture.person({ verified: false });
    await assert.rejects(
      shared.enter({ sub: 'g-2', email: squatter.email, email_verified: true }),
      refusal('provider_link_required'),
    );
    await assert.rejects(
      shared.enter({ sub: 'g-3', email: 'nobody@example.org', email_verified: true }),
      refusal('provider_no_account'),
    );
    await assert.rejects(
      shared.enter({ sub: 'g-4', email: robin.email, email_verified: false }),
      refusal('provider_email_unverified'),
    );
    await shared.issuer.close();
  });
});
