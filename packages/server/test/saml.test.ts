import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { FieldCipher } from '@bulkhead/platform/vault';
import { testConfig } from '../../../test/harness/config.ts';
import { missing } from '../../../test/harness/index.ts';
import { openFixture, type Fixture } from '../../platform/test/fixture.ts';
import { openOrganisation, type Organisation } from '../../platform/test/saml/organisation.ts';
import { wrappings } from '../../platform/test/saml/wrapping.ts';
import { createServer, type Server } from '../src/index.ts';

/** A browser's part: it keeps cookies, and sends what its SameSite rules let it send. */
type Visit = { status: number; headers: Headers; text: string; cookies: string[] };

const decoded = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"');

describe('SAML over HTTP (AUT-7, T-42)', { skip: missing('pysaml2', 'xmlsec1') }, () => {
  let fixture: Fixture;
  let at: Organisation;
  let server: Server;
  let url: string;
  let origin: string;
  const log: string[] = [];
  before(async () => {
    fixture = await openFixture();
    const key = randomBytes(32);
    const encryption = { keyId: '0a1b2c3d', key: key.toString('hex') };
    const config = testConfig(fixture.database, { encryption });
    server = createServer(config, [], { logStream: { write: (line) => void log.push(line) } });
    const address = await server.listen();
    url = `http://127.0.0.1:${address.port}`;
    origin = address.url;
    const cipher = new FieldCipher({ current: { id: encryption.keyId, secret: key } });
    at = await openOrganisation(fixture, { origin, cipher });
  });
  after(async () => {
    await server.close({ force: true });
    await at.provider.close();
    await fixture.close();
  });

  const base = () => `/sign-in/saml/${at.connectionId}`;
  const visit = async (path: string, init: RequestInit = {}): Promise<Visit> => {
    const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
    const { status, headers } = response;
    return { status, headers, text: await response.text(), cookies: headers.getSetCookie() };
  };
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    visit(`${base()}/acs`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: at.provider.url, 'sec-fetch-site': 'cross-site', ...headers },
    });
  /** From the start to the provider and back with its answer. */
  const begin = async (query = '?return=/members') => {
    const started = await visit(`${base()}/start${query}`);
    const location = started.headers.get('location') ?? '';
    const asked = await fetch(location, { headers: { accept: 'application/json' } });
    const { id } = (await asked.json()) as { id: string };
    const state = new URL(location).searchParams.get('RelayState') ?? '';
    const cookie = started.cookies[0]?.split(';')[0] ?? '';
    return { started, location, state, cookie, requestId: id };
  };
  const finish = (state: string, cookie: string, more: string[] = []) =>
    visit(`${base()}/finish?state=${encodeURIComponent(state)}`, {
      headers: { cookie: [cookie, ...more].join('; ') },
    });
  const lastLine = (route: string) =>
    JSON.parse(log.findLast((line) => line.includes(route)) ?? '{}') as { code?: string; status?: number };

  it('leads to the provider with a signed request, and a Lax flow cookie that opens nothing', async () => {
    const { started, location, cookie } = await begin();
    assert.equal(started.status, 303);
    assert.equal(new URL(location).origin, at.provider.url);
    assert.match(
      started.cookies[0] ?? '',
      /^__Host-bulkhead-flow=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=600$/,
    );
    assert.ok(!decodeURIComponent(location).includes(cookie.split('=')[1] ?? 'x'));
    assert.match(new URL(location).searchParams.get('RelayState') ?? '', /^[\w-]{20,}$/);
  });

  it('takes the provider’s cross-site post, keeps it, and lets the browser go on by itself', async () => {
    const begun = await begin();
    const answered = await post({ SAMLResponse: await at.answer(begun), RelayState: begun.state });
    assert.equal(answered.status, 200);
    assert.deepEqual(answered.cookies, []);
    const next = decoded(/http-equiv="refresh" content="0;url=([^"]+)"/.exec(answered.text)?.[1] ?? '');
    assert.equal(next, `${base()}/finish?state=${begun.state}`);
    const done = await finish(begun.state, begun.cookie);
    assert.deepEqual([done.status, done.headers.get('location')], [303, '/members']);
    const session = done.cookies.find((cookie) => cookie.startsWith('__Host-bulkhead='));
    assert.match(session ?? '', /; HttpOnly; Secure; SameSite=Strict; Max-Age=\d+$/);
    const read = await visit('/api/session', { headers: { cookie: session?.split(';')[0] ?? '' } });
    const { account, memberships } = JSON.parse(read.text) as {
      account: { email: string };
      memberships: { tenant: { id: string } }[];
    };
    assert.equal(account.email, `ada@${at.domain}`);
    assert.deepEqual(
      memberships.map(({ tenant }) => tenant.id),
      [at.owner.tenantId],
    );
  });

  it('ends the session the browser had before', async () => {
    const sign = async (more: string[] = []) => {
      const begun = await begin();
      await post({ SAMLResponse: await at.answer(begun), RelayState: begun.state });
      const done = await finish(begun.state, begun.cookie, more);
      return done.cookies.find((cookie) => cookie.startsWith('__Host-bulkhead='))?.split(';')[0] ?? '';
    };
    const first = await sign();
    const second = await sign([first]);
    const status = async (cookie: string) => (await visit('/api/session', { headers: { cookie } })).status;
    assert.deepEqual([await status(first), await status(second)], [401, 200]);
  });

  it('returns to paths of the console only (T-42: no open redirect)', async () => {
    for (const target of [
      '//evil.example/',
      'https://evil.example/',
      '/\\evil.example',
      '/api/x',
      'javascript:alert(1)',
    ]) {
      const begun = await begin(`?return=${encodeURIComponent(target)}`);
      await post({ SAMLResponse: await at.answer(begun), RelayState: begun.state });
      const done = await finish(begun.state, begun.cookie);
      assert.equal(done.headers.get('location'), '/');
    }
    const begun = await begin();
    const elsewhere = await post({
      SAMLResponse: await at.answer(begun),
      RelayState: 'https://evil.example/',
    });
    assert.equal(elsewhere.status, 401);
    assert.ok(!elsewhere.text.includes('evil.example'));
  });

  it('gives one plain answer to every wrong message, and its code to the log alone', async () => {
    const wrap = wrappings['XSW3'] as (xml: string) => string;
    const encoded = (xml: string) => Buffer.from(xml).toString('base64');
    const wishes: [string, (begun: Awaited<ReturnType<typeof begin>>) => Promise<string>][] = [
      [
        'saml_structure_refused',
        async (begun) => encoded(wrap(Buffer.from(await at.answer(begun), 'base64').toString())),
      ],
      ['saml_signature_invalid', (begun) => at.answer(begun, { key: 'stranger' })],
      ['saml_signature_missing', (begun) => at.answer(begun, { sign: 'none' })],
      ['saml_answer_refused', (begun) => at.answer(begun, { inResponseTo: '_another' })],
      ['saml_issuer_refused', (begun) => at.answer(begun, { issuer: 'https://other.example/' })],
      ['saml_xml_malformed', () => Promise.resolve(encoded('<a>'))],
      ['saml_encoding_refused', () => Promise.resolve('%%%')],
    ];
    const pages = new Set<string>();
    for (const [code, wish] of wishes) {
      const begun = await begin();
      await post({ SAMLResponse: await wish(begun), RelayState: begun.state });
      const refused = await finish(begun.state, begun.cookie);
      assert.deepEqual([refused.status, lastLine('/finish').code], [403, code]);
      assert.ok(refused.cookies.every((cookie) => !cookie.startsWith('__Host-bulkhead=')));
      pages.add(refused.text.replace(/<code>[^<]+<\/code>/, ''));
    }
    assert.equal(pages.size, 1);
  });

  it('is refused without the cookie, in another browser, twice, and unsolicited', async () => {
    const [begun, other] = [await begin(), await begin()];
    const message = await at.answer(begun);
    assert.equal((await finish(begun.state, begun.cookie)).status, 403);
    await post({ SAMLResponse: message, RelayState: begun.state });
    assert.equal((await finish(begun.state, '')).status, 401);
    assert.equal((await finish(begun.state, other.cookie)).status, 401);
    assert.equal((await finish(begun.state, begun.cookie)).status, 303);
    assert.equal((await finish(begun.state, begun.cookie)).status, 401);
    assert.equal((await post({ SAMLResponse: message, RelayState: begun.state })).status, 401);
    assert.equal((await post({ SAMLResponse: message })).status, 403);
    assert.equal((await post({ RelayState: begun.state })).status, 403);
  });

  it('takes one form of body of bounded size, at that one address', async () => {
    const { state } = await begin();
    const send = (path: string, body: string, type: string) =>
      visit(path, {
        method: 'POST',
        body,
        headers: { 'content-type': type, 'sec-fetch-site': 'cross-site', origin: at.provider.url },
      });
    const form = 'application/x-www-form-urlencoded';
    assert.equal((await send(`${base()}/acs`, '{}', 'application/json')).status, 415);
    assert.equal((await send(`${base()}/acs`, `SAMLResponse=${'A'.repeat(700 * 1024)}`, form)).status, 413);
    assert.equal(
      (await send(`${base()}/acs`, `RelayState=${state}&RelayState=${state}&SAMLResponse=AAAA`, form)).status,
      400,
    );
    assert.equal(
      (await send('/rpc/session/signIn', 'a=b', form)).status,
      403,
      'the exemption is this route’s alone',
    );
    assert.equal(
      (await visit('/rpc/session/signIn', { method: 'POST', body: 'a=b', headers: { 'content-type': form } }))
        .status,
      415,
    );
  });

  it('shows metadata that pysaml2 understands, and the same for a connection that is not', async () => {
    const shown = await visit(`${base()}/metadata`);
    assert.equal(shown.headers.get('content-type'), 'application/samlmetadata+xml');
    assert.ok(shown.text.includes(`${origin}${base()}/acs`));
    await at.provider.know(shown.text);
    const begun = await begin();
    assert.match(begun.requestId, /^_[0-9a-f]{32}$/);
    const unknown = base().replace(at.connectionId, '99999999-9999-4999-8999-999999999999');
    const other = await visit(`${unknown}/metadata`);
    const bare = (text: string) => text.replaceAll(/[0-9a-f-]{36}|ID="[^"]*"/g, '');
    assert.equal(bare(other.text), bare(shown.text));
    assert.equal((await visit(`${unknown}/start`)).status, 403);
    assert.equal((await visit('/sign-in/saml/%27/start')).status, 403);
  });

  it('sends a request by post in a page whose form may leave this origin, and no other page may', async () => {
    const client = await fixture.connect('superuser');
    await client.query(`update identity.saml_provider set sign_on_binding = 'post'`);
    const { status, headers, text } = await visit(`${base()}/start`);
    await client.query(`update identity.saml_provider set sign_on_binding = 'redirect'`);
    assert.equal(status, 200);
    assert.match(
      headers.get('content-security-policy') ?? '',
      /form-action https: http:\/\/127\.0\.0\.1:\d+;/,
    );
    const fields = Object.fromEntries(
      Array.from(text.matchAll(/name="(\w+)" value="([^"]*)"/g), ([, name = '', value = '']) => [
        name,
        decoded(value),
      ]),
    );
    const asked = await fetch(`${at.provider.url}/sso`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { accept: 'application/json' },
    });
    assert.equal(asked.status, 200, 'pysaml2 verifies the signature in the XML');
    const other = await visit(`${base()}/metadata`);
    assert.match(other.headers.get('content-security-policy') ?? '', /form-action 'self'/);
  });
});
