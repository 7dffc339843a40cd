import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { missing } from '../../../../../test/harness/index.ts';
import { openScene, type Scene } from '../../../test/saml/fixture.ts';
import { readCertificate, stateOf } from './certificate.ts';
import { largestMetadata, readMetadata } from './metadata.ts';
import { selfSignedCertificate } from './selfSigned.ts';

const day = 24 * 3_600_000;
const now = Date.parse('2030-01-15T10:00:00Z');

function certificate(options: { bits?: number; days?: number } = {}): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: options.bits ?? 2048 });
  const der = selfSignedCertificate(privateKey, {
    name: 'a provider',
    notBefore: new Date(now - day),
    notAfter: new Date(now + (options.days ?? 365) * day),
    serial: Buffer.of(0x80, 1, 2),
  });
  return der.toString('base64');
}

const good = certificate();
const key = (text = good, use = ' use="signing"') =>
  `<md:KeyDescriptor${use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
const signOn = (location = 'https://idp.example/sso', kind = 'HTTP-Redirect') =>
  `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${kind}" Location="${location}"/>`;
const role = (inner: string) =>
  `<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${inner}</md:IDPSSODescriptor>`;
const spaces =
  'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
const entity = (inner: string, attributes = 'entityID="https://idp.example/id"') =>
  `<md:EntityDescriptor ${spaces} ${attributes}>${inner}</md:EntityDescriptor>`;
const sound = entity(role(key() + signOn()));

const read = (xml: string) => readMetadata(Buffer.from(xml), now);
const refused = (xml: string, code = 'metadata_refused') =>
  assert.throws(() => read(xml), { name: 'SamlFailure', code });

describe('metadata of an identity provider (AUT-7)', () => {
  it('gives entity id, address and certificates', () => {
    const { entityId, signOn: target, certificates } = read(sound);
    assert.equal(entityId, 'https://idp.example/id');
    assert.deepEqual(target, { url: 'https://idp.example/sso', binding: 'redirect' });
    assert.equal(certificates[0]?.subject, 'CN=a provider');
    assert.match(certificates[0]?.fingerprint ?? '', /^[0-9a-f]{64}$/);
  });
  it('may be alone in a list, commented, in lines, and end later', () => {
    const list = `<?xml version="1.0" encoding="UTF-8"?>\n<!-- kept by hand --><md:EntitiesDescriptor ${spaces}>${sound}</md:EntitiesDescriptor>`;
    assert.equal(read(list).entityId, 'https://idp.example/id');
    const lines = sound.replace(good, good.replaceAll(/.{64}/g, '$&\n      '));
    assert.equal(read(lines).certificates.length, 1);
    assert.ok(read(sound.replace('entityID', 'validUntil="2030-01-16T00:00:00Z" entityID')));
    assert.equal(read(`\ufeff${sound}`).certificates.length, 1);
  });
  it('names each certificate once, those for encryption not at all', () => {
    const other = certificate();
    const found = read(
      entity(role(key() + key() + key(other, '') + key(certificate(), ' use="encryption"') + signOn())),
    );
    assert.equal(found.certificates.length, 2);
  });
  it('prefers the Redirect binding and takes POST', () => {
    assert.equal(
      read(entity(role(key() + signOn('https://a.example/p', 'HTTP-POST') + signOn()))).signOn.binding,
      'redirect',
    );
    assert.equal(
      read(entity(role(key() + signOn('https://a.example/p', 'HTTP-POST')))).signOn.binding,
      'post',
    );
    refused(entity(role(key() + signOn('https://a.example/p', 'HTTP-Artifact'))));
  });
  it('is refused with an address people must not be sent to', () => {
    for (const location of [
      'http://idp.example/sso',
      'javascript:alert(1)',
      'https://u:p@idp.example/',
      '/sso',
      '',
      'https://idp.example/#x',
      `https://idp.example/${'x'.repeat(2100)}`,
    ]) {
      refused(entity(role(key() + signOn(location))));
    }
    assert.equal(
      read(entity(role(key() + signOn('http://127.0.0.1:8080/sso')))).signOn.url,
      'http://127.0.0.1:8080/sso',
    );
  });
  it('is refused without a usable certificate', () => {
    refused(entity(role(signOn())));
    refused(entity(role(key('') + signOn())));
    refused(entity(role(key('AAAA') + signOn())));
    refused(entity(role(key(certificate({ bits: 1024 })) + signOn())));
    refused(entity(role(key().repeat(11) + signOn())));
  });
  it('is refused of nobody, of several, of a service, of another protocol, or past its end', () => {
    refused(entity(''));
    refused(`<md:EntitiesDescriptor ${spaces}>${sound}${sound}</md:EntitiesDescriptor>`);
    refused(sound.replaceAll('IDPSSODescriptor', 'SPSSODescriptor'));
    refused(sound.replace('SAML:2.0:protocol', 'SAML:1.1:protocol'));
    refused(sound.replace('entityID', 'validUntil="2030-01-15T09:59:59Z" entityID'));
    refused(sound.replace('entityID', 'validUntil="some day" entityID'));
    refused(sound.replace('https://idp.example/id', ''));
    refused('<html xmlns="http://www.w3.org/1999/xhtml"/>');
  });
  it('is refused with entities, a document type, or too large (T-42)', () => {
    refused(`<!DOCTYPE x [<!ENTITY a "b">]>${sound}`, 'xml_forbidden');
    refused(`<!DOCTYPE x SYSTEM "file:///etc/passwd">${sound}`, 'xml_forbidden');
    refused(sound.replace('https://idp.example/id', '&x;'), 'xml_forbidden');
    refused(sound + ' '.repeat(largestMetadata), 'too_large');
    assert.throws(() => readMetadata(Buffer.of(0x3c, 0xff, 0x3e), now), { code: 'encoding_refused' });
    refused('not xml at all', 'xml_malformed');
  });
});

describe('metadata of pysaml2 (AUT-7)', { skip: missing('pysaml2', 'xmlsec1') }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene.provider.close());
  it('is understood', async () => {
    const found = readMetadata(Buffer.from(await scene.provider.metadata()), Date.now());
    assert.equal(found.entityId, scene.provider.entityId);
    assert.deepEqual(found.signOn, { url: `${scene.provider.url}/sso`, binding: 'redirect' });
    assert.equal(found.certificates[0]?.pem, new X509Certificate(scene.certificate).toString());
  });
});

describe('certificates (AUT-7)', () => {
  it('are pointed out thirty days before they end, and once they have', () => {
    const states = (days: number) => stateOf(readCertificate(certificate({ days })), now);
    assert.deepEqual([365, 31, 29, 0].map(states), ['current', 'current', 'ends_soon', 'expired']);
    assert.equal(stateOf(readCertificate(good), now - 2 * day), 'not_yet_valid');
  });
  it('made here are read by Node and verify themselves, also after 2049', () => {
    const far = new X509Certificate(Buffer.from(certificate({ days: 365 * 30 }), 'base64'));
    assert.equal(far.verify(far.publicKey), true);
    assert.equal(new Date(far.validTo).getUTCFullYear(), 2060);
    assert.equal(far.serialNumber, '800102');
  });
});
