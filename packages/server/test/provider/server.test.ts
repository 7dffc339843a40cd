import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { SigningKeys } from '@bulkhead/platform/identity/token';
import { createCipher } from '../../src/boot/cipher.ts';
import * as client from 'openid-client';
import pg from 'pg';
import { createLogoutToken } from '../../src/provider/logoutDuty.ts';
import { providerKeys } from '../../src/provider/index.ts';
import { asRole, openServer, send, signUp, type Fixture, type Person } from '../fixture.ts';
import { Browser } from './browser.ts';
import { signIn } from './flow.ts';
import type { Registered } from './fixture.ts';

describe('the identity provider in the server (AUT-8)', () => {
  let fixture: Fixture;
  let operator: Person;
  let person: Person;
  before(async () => {
    fixture = await openServer();
    operator = await signUp(fixture.url);
    person = await signUp(fixture.url);
    await asRole(fixture.database, 'superuser', (admin) =>
      admin.query('update identity.account set email_verified_at = now() where id = $1', [operator.account]),
    );
    await asRole(fixture.database, 'owner', (owner) =>
      owner.query('select identity.promote_operator($1, $2)', [operator.email, 'Registers our applications']),
    );
  });
  after(() => fixture.close());

  const shop = {
    id: 'shop',
    name: 'Shop',
    firstParty: true,
    authentication: 'secret',
    redirectUris: ['https://shop.example.com/callback'],
    mayCall: ['https://orders.example.com'],
    refresh: true,
  };
  const call = (who: Person, path: string, { json, method }: { json?: unknown; method?: string } = {}) =>
    send(fixture.url, `/api/applications${path}`, {
      cookie: who.cookie,
      ...(json === undefined ? {} : { json }),
      ...(method === undefined ? {} : { method }),
    });

  it('operators register applications over HTTP, and nobody else does', async () => {
    const refused = await call(person, '', { json: shop });
    assert.equal(refused.status, 403);
    assert.equal(refused.json['code'], 'permission_refused');
    assert.equal((await call(person, '')).status, 403);
    const made = await call(operator, '', { json: shop });
    assert.equal(made.status, 201);
    assert.match(String(made.json['secret']), /^[A-Za-z0-9_-]{43}$/);
    assert.equal((await call(operator, '', { json: shop })).json['code'], 'client_exists');
    const crooked = await call(operator, '', {
      json: { ...shop, id: 'crooked', redirectUris: ['http://evil.example'] },
    });
    assert.equal(crooked.status, 400);
    assert.deepEqual(crooked.json['issues'], [
      { path: 'redirectUris', message: 'One of the values of this application is not valid.' },
    ]);
    const listed = (await call(operator, '')).json as { applications: { id: string }[] };
    assert.deepEqual(
      listed.applications.map(({ id }) => id),
      ['shop'],
    );
    const rotated = await call(operator, '/shop/secret', { json: { overlap: 0 } });
    assert.notEqual(rotated.json['secret'], made.json['secret']);
    assert.equal((await call(operator, '/nothing', { method: 'DELETE' })).json['code'], 'client_missing');
    const entries = await asRole(fixture.database, 'superuser', (admin) =>
      admin.query<{ action: string; actor_id: string }>(
        `select action, actor_id from bulkhead.audit_entry where action like 'client.%' order by id`,
      ),
    );
    assert.deepEqual(entries.rows, [
      { action: 'client.create', actor_id: operator.account },
      { action: 'client.rotate_secret', actor_id: operator.account },
    ]);
  });

  it('nothing the provider issues opens this server’s own doors (AUT-1, T-40)', async () => {
    const { json } = await call(operator, '/shop/secret', { json: {} });
    await call(operator, '', {
      json: {
        id: 'orders',
        name: 'Orders',
        firstParty: false,
        authentication: 'secret',
        redirectUris: [],
        resource: 'https://orders.example.com',
        resourceScopes: ['orders:read'],
        tokenFormat: 'jwt',
      },
    });
    const origin = fixture.server.address?.url ?? '';
    const issuer = `${origin}/oidc`;
    const configuration = await client.discovery(
      new URL(issuer),
      'shop',
      { id_token_signed_response_alg: 'EdDSA' },
      client.ClientSecretBasic(String(json['secret'])),
      { execute: [client.allowInsecureRequests] },
    );
    const application: Registered = {
      id: 'shop',
      secret: '',
      redirectUri: 'https://shop.example.com/callback',
      configuration,
    };
    const browser = new Browser(origin);
    for (const pair of person.cookie.split('; ')) {
      const [name = '', ...value] = pair.split('=');
      browser.set(name, value.join('='));
    }
    const tokens = await signIn(application, browser, {
      scope: 'openid orders:read',
      resource: 'https://orders.example.com',
    });
    const { config, database } = fixture;
    const pool = new pg.Pool(database.connections.identity);
    const cipher = createCipher(config.encryption);
    const keys = new SigningKeys({ pool, cipher, sealer: database.sealer, clock: Date.now });
    const logout = await createLogoutToken(
      { signingKeys: providerKeys(keys), issuer: () => issuer, clock: Date.now, randomId: randomUUID },
      { clientId: 'shop', accountId: person.account, sid: 'x' },
    );
    await pool.end();
    for (const token of [tokens.access_token, tokens.id_token ?? '', tokens.refresh_token ?? '', logout]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const answer = await fetch(`${fixture.url}/api/session`, {
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(answer.status, 401);
    }
  });

  it('its addresses are logged like all others, without what is secret', () => {
    const lines = fixture.log.filter((line) => line.includes('/oidc/'));
    assert.ok(lines.length > 0);
    for (const line of lines) assert.ok(!/code=|id_token|client_secret|bearer/i.test(line), line);
  });
});
