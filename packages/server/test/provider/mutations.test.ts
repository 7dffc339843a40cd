import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, it } from 'node:test';
import * as client from 'openid-client';
import pg from 'pg';
import { ProviderRecords } from '@bulkhead/platform/identity/provider';
import { readSession, signOut } from '@bulkhead/platform/identity';
import { Browser } from './browser.ts';
import { authorize, flowOf, signIn } from './flow.ts';
import { openProvider, type Fixture, type ProviderOptions, type Registered } from './fixture.ts';
import { withMutant, type Mutation } from './mutant.ts';

/** Whether an attack got what it wanted. */
type Attack = (fixture: Fixture) => Promise<boolean>;

const codeIn = (url: string): boolean => new URL(url).searchParams.has('code');

async function tries(options: ProviderOptions, attack: Attack): Promise<boolean> {
  const fixture = await openProvider(options);
  try {
    return await attack(fixture);
  } finally {
    await fixture.close();
  }
}

const succeeds = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch {
    return false;
  }
};

const backEnd = { redirectUris: [], tokenFormat: 'opaque' } as const;

const attacks: Record<string, { mutation: Mutation; attack: Attack }> = {
  'an application that is not first-party': {
    mutation: { file: 'applications.ts', from: 'registered?.firstParty !== true', to: 'false' },
    attack: async (fixture) => {
      const other = await fixture.register({ id: 'other', firstParty: false });
      const person = await fixture.person();
      return codeIn((await authorize(other, person.browser, { scope: 'openid' })).url);
    },
  },
  'a back end that asks about another’s token': {
    mutation: { file: 'applications.ts', from: 'token.aud === registered.resource', to: 'true' },
    attack: async (fixture) => {
      const [resource, foreign] = ['https://files.example.com', 'https://mail.example.com'];
      await fixture.register({ id: 'files-api', ...backEnd, resource });
      const stranger = await fixture.register({ id: 'mail-api', ...backEnd, resource: foreign });
      const app = await fixture.register({ id: 'files', mayCall: [resource] });
      const { browser } = await fixture.person();
      const { access_token: token } = await signIn(app, browser, { scope: 'openid', resource });
      return (await client.tokenIntrospection(stranger.configuration, token)).active;
    },
  },
  'the placeholder in a secret’s place': {
    mutation: { file: 'provider.ts', from: '  keepSecretsHashed(provider, identity);\n', to: '' },
    attack: async (fixture) => {
      const shop = await fixture.register({ id: 'shop' });
      const { browser } = await fixture.person();
      const { url, checks } = await authorize(shop, browser, { scope: 'openid' });
      const configuration = new client.Configuration(
        shop.configuration.serverMetadata(),
        'shop',
        { id_token_signed_response_alg: 'EdDSA' },
        client.ClientSecretBasic('kept-as-a-hash'),
      );
      client.allowInsecureRequests(configuration);
      return succeeds(client.authorizationCodeGrant(configuration, new URL(url), checks));
    },
  },
  'a code without PKCE': {
    mutation: { file: 'provider.ts', from: 'required: () => true', to: 'required: () => false' },
    attack: async (fixture) => {
      const shop = await fixture.register({ id: 'shop' });
      const { browser } = await fixture.person();
      const { url } = await flowOf(shop, { scope: 'openid' });
      url.searchParams.delete('code_challenge');
      url.searchParams.delete('code_challenge_method');
      return codeIn((await browser.follow(url)).url);
    },
  },
  'a stale proof where a fresh one is wanted': {
    mutation: {
      file: 'interaction.ts',
      from: "if (wants.has('login_prompt') && provedAt < (iat ?? 0)) return true;",
      to: '',
    },
    attack: async (fixture) => {
      const shop = await fixture.register({ id: 'shop' });
      const { browser, started } = await fixture.person();
      await asSuperuser(
        fixture,
        `update identity.session set auth_time = now() - interval '1 hour' where id = $1`,
        [started.sessionId],
      );
      return codeIn((await authorize(shop, browser, { scope: 'openid', prompt: 'login' })).url);
    },
  },
  'a cookie given twice': {
    mutation: { file: 'cookies.ts', from: 'for (const name of doubled) found.delete(name);', to: '' },
    attack: async (fixture) => {
      const shop = await fixture.register({ id: 'shop' });
      const { browser } = await fixture.person();
      await signIn(shop, browser, { scope: 'openid' });
      const name = '__Host-bulkhead_provider';
      const value = browser.cookies.get(name) ?? '';
      const tossed = new Browser(fixture.origin);
      tossed.set(name, `tossed; ${name}=${value}`);
      return codeIn((await authorize(shop, tossed, { scope: 'openid', prompt: 'none' })).url);
    },
  },
  'a host of the attacker’s in the addresses (T-37)': {
    mutation: { file: 'mount.ts', from: '  raw.headers.host = name;\n', to: '' },
    attack: async (fixture) => {
      const text = await askAs(fixture.origin, 'evil.example');
      return text.includes('evil.example');
    },
  },
  'a session that lives on after signing out at an application (T-45)': {
    mutation: { file: 'provider.ts', from: '  endWithBrowserSession(provider, options);\n', to: '' },
    attack: async (fixture) => {
      const shop = await fixture.register({ id: 'shop' });
      const { browser, started } = await fixture.person();
      await signIn(shop, browser, { scope: 'openid' });
      const page = await browser.visit('/oidc/logout');
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
      const done = await browser.visit('/oidc/logout/confirm', {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: fixture.origin,
          'sec-fetch-site': 'same-origin',
        },
        body: new URLSearchParams({ xsrf, logout: 'yes' }),
      });
      assert.equal(done.status, 303);
      return (await readSession(fixture.identity, started.token)) !== null;
    },
  },
};

describe('mutations of the identity provider: without a control its attack succeeds (AUT-8)', () => {
  for (const [name, { mutation, attack }] of Object.entries(attacks)) {
    it(name, async () => {
      assert.equal(await tries({}, attack), false, 'the control holds');
      await withMutant(mutation, async (mount) => {
        assert.equal(await tries({ mount }, attack), true, 'without it the attack succeeds');
      });
    });
  }

  it('a refresh token whose session has ended', async () => {
    const attack: Attack = async (fixture) => {
      const shop: Registered = await fixture.register({ id: 'shop' });
      const { browser, started } = await fixture.person();
      const { refresh_token: token = '' } = await signIn(shop, browser, { scope: 'openid' });
      await signOut(fixture.identity, started.token);
      return succeeds(client.refreshTokenGrant(shop.configuration, token));
    };
    assert.equal(await tries({}, attack), false);
    // The condition of look-ups; spending a token has one of its own, and a trigger behind it.
    const live = 's.idle_expires_at > $3 and s.absolute_expires_at > $3';
    const alter = { from: `s.ended_at is null and ${live}`, to: live };
    assert.equal(await tries({ alter }, attack), true);
  });

  it('a code spent twice: the condition, and behind it the trigger (T-30, T-31)', async () => {
    const alter = { from: 'and r.consumed_at is null', to: '' };
    const twice: Attack = async (fixture) => {
      const { started, accountId } = await fixture.person();
      // Spent again at another moment: the trigger tells a second spending by its time.
      let now = Date.now();
      const records = new ProviderRecords({ ...fixture.identity, clock: () => (now += 1) });
      const payload = { accountId, grantId: 'grant' };
      await records.save({ model: 'AuthorizationCode', id: 'code', payload, sessionId: started.sessionId });
      await records.consume('AuthorizationCode', 'code', 1000);
      return records.consume('AuthorizationCode', 'code', 1000);
    };
    assert.equal(await tries({}, twice), false);
    await assert.rejects(tries({ alter }, twice), { constraint: 'provider_record_spent' });
    const untriggered: Attack = async (fixture) => {
      await asSuperuser(fixture, 'alter table identity.provider_record disable trigger user');
      return twice(fixture);
    };
    assert.equal(await tries({ alter }, untriggered), true);
  });
});

async function asSuperuser({ database }: Fixture, text: string, values: unknown[] = []): Promise<void> {
  const admin = new pg.Client(database.connections.superuser);
  await admin.connect();
  try {
    await admin.query(text, values);
  } finally {
    await admin.end();
  }
}

/** Asks for the metadata under another host's name, which `fetch` would not send. */
function askAs(origin: string, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(
      `${origin}/oidc/.well-known/openid-configuration`,
      { headers: { host } },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve(text));
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}
