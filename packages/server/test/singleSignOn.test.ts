import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openIssuer, type Issuer } from '../../platform/test/oidc/issuer.ts';
import {
  asRole,
  goodPassword,
  openServer,
  send,
  signUp,
  type Answer,
  type Fixture,
  type Person,
} from './fixture.ts';

describe('single sign-on over HTTP (AUT-6, AUT-7)', () => {
  let fixture: Fixture;
  let issuer: Issuer;
  let owner: Person;
  let connectionId: string;
  const records: string[][] = [];
  const domain = 'keel.example';
  before(async () => {
    // The issuer is known once the connection is: its redirect address holds the connection's id.
    const outbound = { resolve: () => issuer.outbound.resolve?.('') ?? Promise.resolve([]) };
    fixture = await openServer([], {
      server: { singleSignOn: { outbound, resolveTxt: () => Promise.resolve(records) } },
    });
    owner = await signUp(fixture.url, { email: `owner@elsewhere.example` });
    const created = await as(owner, '/api/connections', {
      json: {
        protocol: 'oidc',
        name: 'Keel',
        oidc: { issuer: 'https://login.keel.example', clientId: 'bulkhead-client' },
      },
    });
    assert.equal(created.status, 201, created.text);
    connectionId = String(created.json['id']);
    issuer = await openIssuer({ redirects: [String(created.json['redirectUrl'])] });
    Object.assign(outbound, issuer.outbound);
  });
  after(async () => {
    await issuer.close();
    await fixture.close();
  });

  const as = (
    { cookie, tenant }: Person,
    path: string,
    call: Parameters<typeof send>[2] = {},
  ): Promise<Answer> => send(fixture.url, path, { cookie, tenant, ...call });
  const navigate = (path: string, cookie?: string): Promise<Answer> =>
    send(fixture.url, path, {
      cookie,
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    });
  const cookieNamed = (answer: Answer, name: string): string => {
    const line = answer.headers.getSetCookie().find((value) => value.startsWith(`${name}=`)) ?? '';
    return line.split(';')[0] ?? '';
  };
  const enter = async (email: string): Promise<Answer> => {
    issuer.person = { sub: email, email, email_verified: true, name: 'Ada Keel' };
    const started = await navigate(`/sign-in/oidc/start/${connectionId}?return=/members`);
    assert.equal(started.status, 303, started.text);
    const flow = cookieNamed(started, '__Host-bulkhead-flow');
    const returned = await issuer.visit(started.headers.get('location') ?? '');
    return navigate(`${returned.pathname}${returned.search}`, flow);
  };

  test('an owner sets it up: connection, domain, proof', async () => {
    const named = await as(owner, '/api/domains', { json: { name: 'Keel.example' } });
    assert.equal(named.status, 201, named.text);
    const { id, record } = named.json as { id: string; record: { name: string; value: string } };
    assert.equal(record.name, '_bulkhead-challenge.keel.example');
    const early = await as(owner, `/api/domains/${id}/verify`, { method: 'POST', json: {} });
    assert.deepEqual([early.status, early.json['code']], [409, 'domain_unproven']);
    records.push([record.value]);
    const proved = await as(owner, `/api/domains/${id}/verify`, { method: 'POST', json: {} });
    assert.equal(proved.status, 200, proved.text);
    const changed = await as(owner, `/api/connections/${connectionId}`, {
      method: 'PATCH',
      json: {
        oidc: { issuer: issuer.url, clientId: issuer.clientId },
        clientSecret: issuer.secret,
        enabled: true,
        justInTime: true,
        roleClaim: 'groups',
      },
    });
    assert.equal(changed.status, 200, changed.text);
    assert.doesNotMatch(changed.text, new RegExp(issuer.secret));
    const listed = await as(owner, '/api/connections');
    assert.doesNotMatch(listed.text, new RegExp(issuer.secret));
  });

  test('the sign-in page finds it by domain, with one answer for everybody in it (AUT-12)', async () => {
    const find = async (email: string): Promise<unknown> =>
      (await send(fixture.url, '/api/identity-providers/find', { json: { email } })).json['startPath'];
    const path = `/sign-in/oidc/start/${connectionId}`;
    assert.equal(await find(`anybody@${domain}`), path);
    assert.equal(await find(`somebody.else@${domain}`), path);
    assert.equal(await find('owner@elsewhere.example'), null);
  });

  test('a person comes in, and is held to the tenant', async () => {
    const entered = await enter(`ada@${domain}`);
    assert.deepEqual([entered.status, entered.headers.get('location')], [303, '/members']);
    assert.match(
      entered.headers.getSetCookie().join('\n'),
      /__Host-bulkhead-flow=; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=0/,
    );
    const cookie = cookieNamed(entered, '__Host-bulkhead');
    const session = await send(fixture.url, '/api/session', { cookie });
    const { memberships } = session.json as { memberships: { tenant: { id: string } }[] };
    assert.deepEqual(
      memberships.map(({ tenant }) => tenant.id),
      [owner.tenant],
    );
    for (const [method, path] of [
      ['GET', '/api/factors'],
      ['POST', '/api/sessions/end-all'],
      ['GET', '/api/identity-providers/links'],
      ['GET', '/api/operator/tenants'],
    ] as const) {
      const refused = await send(fixture.url, path, {
        cookie,
        method,
        ...(method === 'POST' ? { json: {} } : {}),
      });
      assert.deepEqual([refused.status, refused.json['code']], [403, 'single_sign_on_confined'], path);
    }
    const out = await send(fixture.url, '/api/session', { cookie, method: 'DELETE' });
    assert.equal(out.status, 200);
  });

  test('refusals are pages without a session, that repeat nothing', async () => {
    const outside = await enter('ada@elsewhere.example');
    assert.equal(outside.status, 403);
    assert.match(outside.text, /not proved the domain/);
    assert.equal(cookieNamed(outside, '__Host-bulkhead'), '');
    const replayed = await navigate(
      `/sign-in/oidc/callback/${connectionId}?code=x&state=${'A'.repeat(43)}&iss=<script>`,
    );
    assert.equal(replayed.status, 401);
    assert.doesNotMatch(replayed.text, /<script>/);
    for (const key of ['nobody', '..%2f..', '3f0f3c1e-0000-4000-8000-000000000000']) {
      assert.equal((await navigate(`/sign-in/oidc/start/${key}`)).status, 404, key);
    }
    const leaving = await navigate(`/sign-in/oidc/start/${connectionId}?return=https://evil.example`);
    assert.equal(leaving.status, 303);
  });

  test('the issuer asleep: 503 and a page that says to try again', async () => {
    issuer.misbehave({
      instead: (request, response) => request.url === '/token' && !!response.writeHead(503).end(),
    });
    const away = await enter(`ada@${domain}`);
    assert.equal(away.status, 503);
    issuer.misbehave({});
  });

  test('T-39: a second factor is asked for after it, in the fragment', async () => {
    const entered = await enter(`bea@${domain}`);
    assert.equal(entered.status, 303);
    await asRole(fixture.database, 'superuser', (client) =>
      client.query(
        `insert into identity.passkey (id, account_id, label, credential_id, public_key, sign_count, backup_eligible, backed_up, transports, created_at)
         select gen_random_uuid(), id, 'Key', '\\x01', '\\x02', 0, false, false, '{}', now() from identity.account where email_normalised = $1`,
        [`bea@${domain}`],
      ),
    );
    const asked = await enter(`bea@${domain}`);
    assert.match(asked.headers.get('location') ?? '', /^\/sign-in\?return=%2Fmembers#challenge=[\w-]{43}$/);
    assert.equal(cookieNamed(asked, '__Host-bulkhead'), '');
  });

  test('a password still signs in while it is not required; an admin cannot change any of it', async () => {
    const admin = await signUp(fixture.url, { email: 'admin@elsewhere.example' });
    await asRole(fixture.database, 'superuser', (client) =>
      client.query('insert into identity.membership (tenant_id, account_id, role) values ($1, $2, $3)', [
        owner.tenant,
        admin.account,
        'admin',
      ]),
    );
    const signedIn = await send(fixture.url, '/api/session', {
      json: { email: admin.email, password: goodPassword },
    });
    const cookie = cookieNamed(signedIn, '__Host-bulkhead');
    const refused = await send(fixture.url, '/api/domains', {
      cookie,
      tenant: owner.tenant,
      json: { name: 'x.example' },
    });
    assert.deepEqual([refused.status, refused.json['code']], [403, 'permission_refused']);
    const policy = await send(fixture.url, '/api/sign-in-policy', {
      cookie,
      tenant: owner.tenant,
      method: 'PUT',
      json: { singleSignOnRequired: false, breakGlassAccountIds: [] },
    });
    assert.equal(policy.status, 403);
  });

  test('EDG-7: a connection cannot make this server call inside', async () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '10.0.0.1']) {
      const changed = await as(owner, `/api/connections/${connectionId}`, {
        method: 'PATCH',
        json: { oidc: { issuer: `https://${host}`, clientId: 'x' } },
      });
      assert.equal(changed.status, 200, changed.text);
      const started = await navigate(`/sign-in/oidc/start/${connectionId}`);
      assert.equal(started.status, 401, host);
    }
  });
});
