import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { missing } from '../../../../../test/harness/index.ts';
import { openScene, service, type Scene } from '../../../test/saml/fixture.ts';
import { exclusive, signAssertion, signByXmlsec } from '../../../test/saml/signing.ts';
import { edited, wrappings } from '../../../test/saml/wrapping.ts';
import { ns } from './names.ts';

const minute = 60_000;

describe('a SAML response of pysaml2 (AUT-7, T-42)', { skip: missing('pysaml2', 'xmlsec1') }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene.provider.close());
  const refuses = (xml: string, code: string, options?: Parameters<Scene['judge']>[1]) => {
    const verdict = scene.judge(xml, options);
    assert.deepEqual('refused' in verdict ? verdict.refused : verdict, code);
  };
  const signedAnew = async (change: (xml: string) => string, options: { key?: string } = {}) => {
    const changed = change(await scene.genuine({ sign: 'none' }));
    return signAssertion(changed, { key: scene.privateKey, ...options });
  };

  describe('signs in', () => {
    for (const sign of ['both', 'assertion'] as const) {
      it(`with a signature over ${sign}`, async () => {
        assert.deepEqual(scene.judge(await scene.genuine({ sign })), { signedIn: 'id-of-ada' });
      });
    }
    it('with RSA-SHA512', async () => {
      const xml = await scene.genuine({
        signAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
        digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha512',
      });
      assert.deepEqual(scene.judge(xml), { signedIn: 'id-of-ada' });
    });
    it('with either certificate while the provider rolls over', async () => {
      const certificates = [
        await scene.provider.certificate('current'),
        await scene.provider.certificate('next'),
      ];
      for (const key of ['current', 'next'] as const) {
        assert.deepEqual(scene.judge(await scene.genuine({ key }), { certificates }), {
          signedIn: 'id-of-ada',
        });
      }
    });
    it('in the dress of Okta and Shibboleth: other prefixes, inclusive namespaces', async () => {
      const dressed = (await scene.genuine({ sign: 'none' }))
        .replaceAll('ns0', 'saml2p')
        .replaceAll('ns1', 'saml2');
      const xml = signByXmlsec(dressed, { key: scene.privateKey, inclusive: 'xs' });
      assert.ok(xml.includes('InclusiveNamespaces'));
      assert.deepEqual(scene.judge(xml), { signedIn: 'id-of-ada' });
    });
    it('in the dress of Entra ID: default namespaces, milliseconds', async () => {
      const { protocol, assertion } = ns;
      const dressed = (await scene.genuine({ sign: 'none' }))
        .replace(
          /<ns0:Response [^>]*xmlns:xsi="[^"]*"/,
          `<ns0:Response xmlns="${protocol}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`,
        )
        .replaceAll(/<ns1:(Issuer|Assertion)/g, `<ns1:$1 xmlns="${assertion}"`)
        .replaceAll(/(<\/?)ns[01]:/g, '$1')
        .replaceAll(/(T\d\d:\d\d:\d\d)Z/g, '$1.123Z');
      const xml = signAssertion(dressed, { key: scene.privateKey });
      assert.deepEqual(scene.judge(xml), { signedIn: 'id-of-ada' });
    });
    it('in the dress of Java: line ends of the signature written as references', async () => {
      const xml = await scene.genuine({ sign: 'assertion' });
      const dressed = xml.replace(/<ns2:SignatureValue>[^<]+/, (value) => value.replaceAll('\n', '&#13;\n'));
      assert.ok(dressed.includes('&#13;'));
      assert.deepEqual(scene.judge(dressed), { signedIn: 'id-of-ada' });
    });
    it('when it comes in Base64 lines, with the line ends of Windows', async () => {
      const xml = (await scene.genuine()).replaceAll('\n', '\r\n');
      assert.deepEqual(scene.judge(xml), { signedIn: 'id-of-ada' });
    });
  });

  describe('is refused', () => {
    it('unsigned, with its signature stripped, or with one over the response alone', async () => {
      refuses(await scene.genuine({ sign: 'none' }), 'signature_missing');
      refuses(await scene.genuine({ sign: 'response' }), 'signature_missing');
      const stripped = (await scene.genuine()).replaceAll(/<ns2:Signature .*?<\/ns2:Signature>/gs, '');
      refuses(stripped, 'signature_missing');
    });
    it('by another key, whatever certificate it brings along', async () => {
      refuses(await scene.genuine({ key: 'stranger' }), 'signature_invalid');
      refuses(await scene.genuine({ key: 'stranger', sign: 'assertion' }), 'signature_invalid');
    });
    it('when the response’s own signature fails, though the assertion’s verifies', async () => {
      const xml = (await scene.genuine()).replace('Destination="https:', 'Destination="http:');
      refuses(xml, 'signature_invalid');
    });
    it('with SHA-1, in the signature or in the digest', async () => {
      const sha1 = { signAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' };
      refuses(await scene.genuine({ ...sha1 }), 'algorithm_refused');
      refuses(
        await scene.genuine({ digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1' }),
        'algorithm_refused',
      );
    });
    it('with an HMAC keyed with the public certificate', async () => {
      const xml = signAssertion(await scene.genuine({ sign: 'none' }), {
        key: scene.certificate,
        hmac: true,
        signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
      });
      refuses(xml, 'algorithm_refused');
    });
    it('with a canonicalisation or transform other than the exclusive one', async () => {
      const plain = await scene.genuine({ sign: 'none' });
      const comments = `${exclusive}WithComments`;
      const inclusive = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
      const key = scene.privateKey;
      refuses(signAssertion(plain, { key, canonicalisation: inclusive }), 'algorithm_refused');
      refuses(signAssertion(plain, { key, canonicalisation: comments }), 'algorithm_refused');
      refuses(signAssertion(plain, { key, transforms: [comments] }), 'signature_refused');
    });
    it('encrypted, with a sentence that says what to do', async () => {
      const wrapped = (await scene.genuine()).replace(
        '<ns1:Assertion ',
        '<ns1:EncryptedAssertion/><ns1:Assertion ',
      );
      refuses(wrapped, 'encrypted');
    });
    it('when it says that the person was not signed in', async () => {
      const xml = (await scene.genuine()).replace(':status:Success', ':status:AuthnFailed');
      refuses(xml, 'status_refused');
    });
  });

  describe('is refused for what it says, though genuinely signed', () => {
    it('for another audience, recipient, destination, issuer or request', async () => {
      const other = 'https://elsewhere.example/acs';
      refuses(await scene.genuine(), 'audience_refused', {
        expected: { audience: 'https://elsewhere.example/' },
      });
      refuses(await scene.genuine(), 'destination_refused', { expected: { acsUrl: other } });
      refuses(
        await signedAnew((xml) => xml.replace(/Recipient="[^"]*"/, `Recipient="${other}"`)),
        'recipient_refused',
      );
      refuses(await signedAnew((xml) => xml.replace(/ Recipient="[^"]*"/, '')), 'recipient_refused');
      refuses(await scene.genuine({ issuer: 'https://other.example' }), 'issuer_refused');
      refuses(await scene.genuine({ inResponseTo: '_another' }), 'answer_refused');
      const swapped = (await scene.genuine({ sign: 'none' })).replace(
        /InResponseTo="[^"]*" Version/,
        'InResponseTo="_x" Version',
      );
      refuses(signAssertion(swapped, { key: scene.privateKey }), 'answer_refused');
    });
    it('for an audience in one restriction and not in the other, or for none at all', async () => {
      const second =
        '<ns1:AudienceRestriction><ns1:Audience>https://x.example</ns1:Audience></ns1:AudienceRestriction>';
      refuses(
        await signedAnew((xml) => xml.replace('</ns1:Conditions>', `${second}</ns1:Conditions>`)),
        'audience_refused',
      );
      refuses(
        await signedAnew((xml) => xml.replace(/<ns1:AudienceRestriction>.*<\/ns1:AudienceRestriction>/, '')),
        'audience_refused',
      );
      refuses(
        await signedAnew((xml) => xml.replace(/<ns1:Conditions .*<\/ns1:Conditions>/, '')),
        'audience_refused',
      );
    });
    it('unsolicited', async () => {
      refuses(await signedAnew((xml) => xml.replaceAll(/ InResponseTo="[^"]*"/g, '')), 'unsolicited');
    });
    it('before its time and after it, with a minute of grace at each edge', async () => {
      const xml = await scene.genuine({ minutes: 5 });
      const issued = Date.parse(/NotBefore="([^"]+)"/.exec(xml)?.[1] ?? '');
      const ends = issued + 5 * minute;
      const at = (time: number) => ({ expected: { at: time } });
      assert.deepEqual(scene.judge(xml, at(issued - minute)), { signedIn: 'id-of-ada' });
      refuses(xml, 'not_yet_valid', at(issued - minute - 1));
      assert.deepEqual(scene.judge(xml, at(ends + minute - 1)), { signedIn: 'id-of-ada' });
      refuses(xml, 'expired', at(ends + minute));
    });
    it('after the provider’s session has ended', async () => {
      const xml = await scene.genuine({ minutes: 60, sessionMinutes: 10 });
      const issued = Date.parse(/NotBefore="([^"]+)"/.exec(xml)?.[1] ?? '');
      assert.deepEqual(scene.judge(xml, { expected: { at: issued + 10 * minute } }), {
        signedIn: 'id-of-ada',
      });
      refuses(xml, 'expired', { expected: { at: issued + 11 * minute + 1000 } });
    });
    it('with an end that is missing or a day away', async () => {
      const confirmation = /(<ns1:SubjectConfirmationData )NotOnOrAfter="[^"]*"/;
      refuses(await signedAnew((xml) => xml.replace(confirmation, '$1')), 'confirmation_refused');
      refuses(await scene.genuine({ minutes: 25 * 60 }), 'confirmation_refused');
    });
    it('with times that cannot be read', async () => {
      refuses(
        await signedAnew((xml) => xml.replace(/NotBefore="[^"]*"/, 'NotBefore="soon"')),
        'structure_refused',
      );
    });
    it('with another confirmation than bearer, or two', async () => {
      const key = ':cm:holder-of-key';
      refuses(await signedAnew((xml) => xml.replace(':cm:bearer', key)), 'confirmation_refused');
      const twice = /(<ns1:SubjectConfirmation .*<\/ns1:SubjectConfirmation>)/;
      refuses(await signedAnew((xml) => xml.replace(twice, '$1$1')), 'confirmation_refused');
    });
    it('with a condition nobody here knows', async () => {
      const other =
        '<ns1:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="delegated"/>';
      refuses(
        await signedAnew((xml) => xml.replace('</ns1:Conditions>', `${other}</ns1:Conditions>`)),
        'condition_unknown',
      );
    });
    it('without a statement that the person signed in', async () => {
      refuses(
        await signedAnew((xml) => xml.replace(/<ns1:AuthnStatement .*<\/ns1:AuthnStatement>/, '')),
        'statement_missing',
      );
    });
    it('with a name identifier that is missing, transient, padded, or holds what cannot be seen', async () => {
      const named = (name: string) => (xml: string) => xml.replace('>id-of-ada<', `>${name}<`);
      refuses(await signedAnew((xml) => xml.replace(/<ns1:NameID .*<\/ns1:NameID>/, '')), 'subject_refused');
      refuses(await signedAnew((xml) => xml.replace(':persistent"', ':transient"')), 'subject_refused');
      for (const name of [
        '',
        ' id-of-ada',
        'id-of-ada\n',
        'id-of-&#10;ada',
        'id\u200bof-ada',
        '<b/>id-of-ada',
      ]) {
        refuses(await signedAnew(named(name)), 'value_refused');
      }
    });
  });

  describe('is refused wrapped', () => {
    const codes: Record<string, string> = {
      XSW1: 'id_refused',
      XSW2: 'id_refused',
      XSW3: 'structure_refused',
      XSW4: 'structure_refused',
      XSW5: 'structure_refused',
      XSW6: 'structure_refused',
      XSW7: 'id_refused',
      XSW8: 'structure_refused',
    };
    for (const [name, wrap] of Object.entries(wrappings)) {
      it(name, async () => {
        for (const sign of ['both', name <= 'XSW2' ? 'response' : 'assertion'] as const) {
          const wrapped = wrap(await scene.genuine({ sign }));
          assert.ok(wrapped.includes('>eve<') && wrapped.includes('>id-of-ada<'), 'holds both');
          refuses(wrapped, codes[name] ?? '');
        }
      });
    }
  });

  describe('is refused for its XML', () => {
    const prolog = (xml: string, text: string) =>
      xml.replace('<?xml version="1.0"?>', `<?xml version="1.0"?>${text}`);
    it('with a comment in the name identifier or in an attribute: nothing is cut off', async () => {
      const xml = await scene.genuine({ nameId: 'id-of-ada.eve' });
      refuses(xml.replace('>id-of-ada.eve<', '>id-of-ada<!---->.eve<'), 'xml_forbidden');
      refuses(
        (await scene.genuine()).replace('ada@keel.example', 'ada@keel.example<!---->.eve.example'),
        'xml_forbidden',
      );
    });
    it('with CDATA or a processing instruction', async () => {
      const xml = await scene.genuine();
      refuses(xml.replace('>id-of-ada<', '><![CDATA[id-of-ada]]><'), 'xml_forbidden');
      refuses(xml.replace('>id-of-ada<', '>id-of-<?x?>ada<'), 'xml_forbidden');
    });
    it('with a document type: entity expansion, external entity, defaulted attributes', async () => {
      const xml = await scene.genuine();
      const lol = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(
        '',
      );
      refuses(prolog(xml, `<!DOCTYPE r [<!ENTITY l0 "lol">${lol}]>`), 'xml_forbidden');
      refuses(prolog(xml, '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), 'xml_forbidden');
      refuses(prolog(xml, '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">'), 'xml_forbidden');
      refuses(xml.replace('>id-of-ada<', '>&eve;<'), 'xml_forbidden');
      refuses(xml.replace('>id-of-ada<', '>&#0;<'), 'xml_forbidden');
    });
    it('huge, deep, or with more elements or attributes than any genuine one', async () => {
      const xml = await scene.genuine();
      const filled = (text: string) =>
        xml.replace('</ns1:AttributeStatement>', `${text}</ns1:AttributeStatement>`);
      refuses(filled(' '.repeat(300_000)), 'too_large');
      refuses(filled('<ns1:a/>'.repeat(12_000)), 'too_large');
      refuses(filled('<ns1:a>'.repeat(4000) + '</ns1:a>'.repeat(4000)), 'too_large');
      refuses(
        filled(`<ns1:a ${Array.from({ length: 6000 }, (_, n) => `a${n}=""`).join(' ')}/>`),
        'too_large',
      );
      refuses('x'.repeat(1_000_000), 'too_large');
    });
    it('with an ID given twice, or given under another name', async () => {
      const xml = await scene.genuine();
      const id = /<ns1:Assertion [^>]*ID="([^"]+)"/.exec(xml)?.[1] ?? '';
      refuses(
        xml.replace('<ns0:Status>', `<ns0:Extensions><ns1:Advice ID="${id}"/></ns0:Extensions><ns0:Status>`),
        'id_refused',
      );
      refuses(xml.replace('<ns1:Assertion ', `<ns1:Assertion Id="${id}" `), 'id_refused');
      refuses(xml.replace('<ns1:Assertion ', '<ns1:Assertion ns0:ID="_eve" '), 'id_refused');
      refuses(xml.replaceAll(id, "x']|//*['"), 'id_refused');
    });
    it('with two assertions, both genuine', async () => {
      const [ada, bob] = [
        await scene.genuine({ sign: 'assertion' }),
        await scene.genuine({ sign: 'assertion', user: 'bob' }),
      ];
      const second = /<ns1:Assertion .*<\/ns1:Assertion>/s.exec(bob)?.[0] ?? '';
      const renamed = second.replaceAll(/"Signature\d"/g, '"Signature9"');
      refuses(
        ada.replace('<ns1:Assertion ', () => `${renamed}<ns1:Assertion `),
        'structure_refused',
      );
    });
    it('with namespaces played with', async () => {
      const xml = await scene.genuine({ sign: 'assertion' });
      const root = (text: string) => xml.replace('<ns0:Response ', `<ns0:Response ${text} `);
      refuses(root('xmlns:void="1"'), 'namespace_refused');
      refuses(root('xmlns=""'), 'namespace_refused');
      refuses(root('xml:base="http://eve.example"'), 'namespace_refused');
      const foreign = '<e:Assertion xmlns:e="urn:eve:x"/>';
      refuses(xml.replace('<ns0:Status>', `${foreign}<ns0:Status>`), 'structure_refused');
      refuses(
        xml.replace('<ns0:Status>', `<e:Signature xmlns:e="urn:eve:x"/><ns0:Status>`),
        'signature_refused',
      );
      refuses(
        xml.replace('xmlns:ns1="urn:oasis:names:tc:SAML:2.0:assertion"', 'xmlns:ns1="urn:eve:assertion"'),
        'id_refused',
      );
    });
    it('with a signature that has a second reference, an object, or another place', async () => {
      const xml = await scene.genuine({ sign: 'assertion' });
      const reference = /<ns2:Reference .*?<\/ns2:Reference>/s;
      refuses(xml.replace(reference, '$&$&'), 'signature_refused');
      refuses(xml.replace('</ns2:Signature>', '<ns2:Object/></ns2:Signature>'), 'signature_refused');
      refuses(xml.replace(/Reference URI="[^"]*"/, 'Reference URI=""'), 'signature_refused');
      const moved = edited(xml, ({ response, assertion }) => {
        const signature = assertion.getElementsByTagNameNS(
          'http://www.w3.org/2000/09/xmldsig#',
          'Signature',
        )[0];
        if (signature)
          response
            .getElementsByTagNameNS('urn:oasis:names:tc:SAML:2.0:protocol', 'Status')[0]
            ?.appendChild(signature);
      });
      refuses(moved, 'signature_refused');
    });
    it('when it is no XML, no Base64, no UTF-8 or no response', async () => {
      refuses('', 'encoding_refused');
      refuses('hello', 'xml_malformed');
      refuses('<a></b>', 'xml_malformed');
      refuses('<a/><b/>', 'xml_malformed');
      refuses('<a x="1" x="2"/>', 'xml_malformed');
      refuses('<Response/>', 'structure_refused');
      refuses(service.acsUrl, 'xml_malformed');
    });
  });
});
