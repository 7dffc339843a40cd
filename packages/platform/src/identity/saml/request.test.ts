import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { missing } from '../../../../../test/harness/index.ts';
import { openFixture, type Fixture } from '../../../test/fixture.ts';
import {
  startIdentityProvider,
  type IdentityProvider,
} from '../../../../../test/peers/saml/identityProvider.ts';
import { FieldCipher } from '../../vault/index.ts';
import { serviceAddresses } from './addresses.ts';
import { samlKey, type SamlKey } from './key.ts';
import { createRequest } from './request.ts';
import { serviceMetadata } from './serviceMetadata.ts';

const addresses = serviceAddresses('https://bulkhead.example', '11111111-2222-4333-8444-555555555555');

describe('a SAML request (AUT-7)', { skip: missing('pysaml2', 'xmlsec1') }, () => {
  let fixture: Fixture;
  let provider: IdentityProvider;
  let key: SamlKey;
  before(async () => {
    fixture = await openFixture();
    fixture.advance(Date.now() - fixture.identity.clock());
    provider = await startIdentityProvider();
    key = await samlKey(fixture.identity);
    await provider.know(
      serviceMetadata({ ...addresses, certificates: [key.certificate], privateKey: key.privateKey }),
    );
  });
  after(async () => {
    await provider.close();
    await fixture.close();
  });
  const request = (binding: 'redirect' | 'post', privateKey = key.privateKey) =>
    createRequest({
      signOn: { url: `${provider.url}/sso`, binding },
      ...addresses,
      requestId: '_0a1b2c',
      relayState: 'opaque',
      privateKey,
      certificate: key.certificate,
    });
  const ask = async (url: string, body?: URLSearchParams) => {
    const answer = await fetch(url, {
      headers: { accept: 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const understood = JSON.stringify({
    id: '_0a1b2c',
    issuer: addresses.audience,
    acs: addresses.acsUrl,
    destination: '',
  });

  it('by redirect is verified by pysaml2, and refused when its signature or its words were changed', async () => {
    const sent = await request('redirect');
    assert.ok(sent.binding === 'redirect');
    const { status, text } = await ask(sent.url);
    assert.deepEqual([status, { ...JSON.parse(text), destination: '' }], [200, JSON.parse(understood)]);
    assert.equal(
      new URL(sent.url).searchParams.get('SigAlg'),
      'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    );
    const changed = new URL(sent.url);
    changed.searchParams.set('RelayState', 'changed');
    assert.equal((await ask(changed.href)).status, 400);
  });

  it('by post is verified by pysaml2, and refused when it was signed by another', async () => {
    const sent = await request('post');
    assert.ok(sent.binding === 'post');
    const { status, text } = await ask(sent.url, new URLSearchParams(sent.fields));
    assert.deepEqual([status, { ...JSON.parse(text), destination: '' }], [200, JSON.parse(understood)]);
    const stranger = await request('post', await provider.privateKey('stranger'));
    assert.ok(stranger.binding === 'post');
    assert.equal((await ask(stranger.url, new URLSearchParams(stranger.fields))).status, 400);
  });

  it('is signed with one key an installation, which stands encrypted in the database', async () => {
    const again = await Promise.all([samlKey(fixture.anotherProcess()), samlKey(fixture.anotherProcess())]);
    assert.deepEqual(again, [key, key]);
    const { rows } = await fixture.identity.pool.query<{ private_key_encrypted: Buffer }>(
      'select private_key_encrypted from identity.saml_key',
    );
    assert.equal(rows.length, 1);
    assert.ok(
      !rows[0]?.private_key_encrypted.includes(Buffer.from(key.privateKey.split('\n')[1] ?? 'x', 'base64')),
    );
    const certificate = new X509Certificate(key.certificate);
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 3072);
  });

  it('keeps its key through two rotations of the key that encrypts it', async () => {
    const made = (digit: string) => ({ id: digit.repeat(8), secret: Buffer.alloc(32, digit) });
    const through = (current: string, previous?: string) =>
      samlKey({
        ...fixture.identity,
        cipher: new FieldCipher({
          current: made(current),
          previous: previous === undefined ? undefined : made(previous),
        }),
      });
    const client = await fixture.connect('superuser');
    await client.query('delete from identity.saml_key');
    const first = await through('1');
    assert.deepEqual(await through('2', '1'), first);
    assert.deepEqual(await through('3', '2'), first);
    await assert.rejects(through('5', '4'), { code: 'decrypt_failed' });
  });
});
