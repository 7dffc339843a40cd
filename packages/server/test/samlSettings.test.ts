import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { missing } from '../../../test/harness/index.ts';
import { startIdentityProvider, type IdentityProvider } from '../../../test/peers/saml/identityProvider.ts';
import { asRole, join, openServer, send, signUp } from './fixture.ts';
import type { Fixture, Person } from './fixture.ts';

type Settings = {
  service: { entityId: string; acsUrl: string; metadataUrl: string };
  provider: {
    entityId: string;
    metadataUrl: string | null;
    certificates: { fingerprint: string; state: string; notAfter: string }[];
  } | null;
};

describe('the SAML side of a connection over HTTP (AUT-7)', { skip: missing('pysaml2', 'xmlsec1') }, () => {
  let fixture: Fixture;
  let provider: IdentityProvider;
  let owner: Person;
  let id: string;
  let metadata: string;
  before(async () => {
    fixture = await openServer();
    provider = await startIdentityProvider();
    metadata = await provider.metadata();
    owner = await signUp(fixture.url);
    const made = await call('/api/connections', { json: { protocol: 'saml', name: 'pysaml2' } });
    assert.equal(made.status, 201, made.text);
    id = String(made.json['id']);
  });
  after(async () => {
    await provider.close();
    await fixture.close();
  });
  const call = (path: string, options: Parameters<typeof send>[2] = {}, person: Person = owner) =>
    send(fixture.url, path, { cookie: person.cookie, tenant: person.tenant, ...options });
  const upload = (text: string, person?: Person, connection = id) =>
    call(`/api/connections/${connection}/saml/metadata`, { method: 'PUT', json: { metadata: text } }, person);
  const follow = (url: string) =>
    call(`/api/connections/${id}/saml/metadata-address`, { method: 'PUT', json: { url } });

  it('says what the provider is told, before anything is known of it', async () => {
    const { status, json } = await call(`/api/connections/${id}/saml`);
    assert.equal(status, 200);
    const { service, provider: known } = json as Settings;
    assert.equal(known, null);
    const base = `${new URL(service.acsUrl).origin}/sign-in/saml/${id}`;
    assert.deepEqual(service, {
      entityId: `${base}/metadata`,
      acsUrl: `${base}/acs`,
      metadataUrl: `${base}/metadata`,
    });
  });

  it('takes an upload, and shows certificates without their keys', async () => {
    const { status, json, text } = await upload(metadata);
    assert.equal(status, 200, text);
    const { provider: known } = json as Settings;
    assert.equal(known?.entityId, provider.entityId);
    assert.deepEqual(
      known.certificates.map(({ state }) => state),
      ['current'],
    );
    assert.ok(!text.includes('BEGIN CERTIFICATE'));
  });

  it('says what is wrong with other documents', async () => {
    for (const [text, pattern] of [
      ['<a/>', /entities/],
      [`<!DOCTYPE a SYSTEM "file:///etc/passwd">${metadata}`, /document type/],
      [
        metadata.replace('IDPSSODescriptor', 'SPSSODescriptor').replace('/ns0:IDP', '/ns0:SP'),
        /not well-formed|0 SAML/,
      ],
    ] as const) {
      const { status, json } = await upload(text);
      assert.deepEqual([status, json['code']], [400, 'metadata_refused']);
      assert.match(String(json['title']), pattern);
    }
  });

  it('fetches from public https addresses alone (EDG-7)', async () => {
    for (const url of ['http://127.0.0.1/', 'file:///etc/passwd', 'nowhere']) {
      assert.deepEqual((await follow(url)).json['code'], 'invalid_input', url);
    }
    for (const url of [
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://169.254.169.254/latest',
      'https://localhost/',
    ]) {
      const { status, json } = await follow(url);
      assert.deepEqual([status, json['code']], [400, 'metadata_unreachable'], url);
    }
  });

  it('is an owner’s to change and nobody else’s to see', async () => {
    const stranger = await signUp(fixture.url);
    assert.equal((await call(`/api/connections/${id}/saml`, {}, stranger)).status, 404);
    assert.equal((await upload(metadata, stranger)).status, 404);
    const joined = async (role: string) => {
      const person = await signUp(fixture.url);
      await join(fixture, { host: owner, person, role });
      return { ...person, tenant: owner.tenant };
    };
    const [member, admin] = [await joined('member'), await joined('admin')];
    assert.equal((await call(`/api/connections/${id}/saml`, {}, member)).status, 403);
    assert.equal((await call(`/api/connections/${id}/saml`, {}, admin)).status, 200);
    assert.equal((await upload(metadata, admin)).json['code'], 'permission_refused');
  });

  it('asks an owner for a fresh proof', async () => {
    await asRole(fixture.database, 'superuser', (client) =>
      client.query(
        `update identity.session set auth_time = auth_time - interval '11 minutes' where account_id = $1`,
        [owner.account],
      ),
    );
    const again = { status: 403, code: 'step_up_required' };
    for (const answer of [await upload(metadata), await follow('https://idp.example/metadata')]) {
      assert.deepEqual({ status: answer.status, code: answer.json['code'] }, again);
    }
  });
});
