import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignedXml } from 'xml-crypto';

/** What a signature of a test's own is made with. */
export type SigningOptions = {
  key: string;
  signatureAlgorithm?: string;
  digestAlgorithm?: string;
  canonicalisation?: string;
  transforms?: string[];
  hmac?: boolean;
};

const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
export const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/**
 * Signs the assertion of a message anew with the identity provider's own key: for what the provider could say but
 * pysaml2 cannot be brought to.
 */
export function signAssertion(xml: string, options: SigningOptions): string {
  const bare = xml.replaceAll(/<(\w+:)?Signature\b.*?<\/\1Signature>/gs, '');
  const signer = new SignedXml({
    privateKey: options.key,
    signatureAlgorithm: options.signatureAlgorithm ?? rsaSha256,
    canonicalizationAlgorithm: options.canonicalisation ?? exclusive,
  });
  if (options.hmac === true) signer.enableHMAC();
  signer.addReference({
    xpath: "/*/*[local-name()='Assertion']",
    digestAlgorithm: options.digestAlgorithm ?? sha256,
    transforms: options.transforms ?? [enveloped, exclusive],
  });
  signer.computeSignature(bare, {
    location: { reference: "/*/*[local-name()='Assertion']/*[local-name()='Issuer']", action: 'after' },
    prefix: 'ds',
  });
  return signer.getSignedXml();
}

/**
 * Has xmlsec1 sign the assertion with InclusiveNamespaces in the transform, as Okta and Shibboleth do.
 *
 * @param xml unsigned; its assertion has the prefix `saml2`
 */
export function signByXmlsec(xml: string, { key, inclusive }: { key: string; inclusive: string }): string {
  const id = /<saml2:Assertion [^>]*ID="([^"]+)"/.exec(xml)?.[1] ?? '';
  const dsig = 'http://www.w3.org/2000/09/xmldsig#';
  const template =
    `<ds:Signature xmlns:ds="${dsig}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${exclusive}"/>` +
    `<ds:SignatureMethod Algorithm="${rsaSha256}"/><ds:Reference URI="#${id}"><ds:Transforms>` +
    `<ds:Transform Algorithm="${enveloped}"/><ds:Transform Algorithm="${exclusive}">` +
    `<ec:InclusiveNamespaces xmlns:ec="${exclusive}" PrefixList="${inclusive}"/></ds:Transform></ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${sha256}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>`;
  const issuer = /(<saml2:Assertion .*?<\/saml2:Issuer>)/s;
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-xmlsec-'));
  try {
    writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
    writeFileSync(join(folder, 'in.xml'), xml.replace(issuer, `$1${template}`));
    const element = 'urn:oasis:names:tc:SAML:2.0:assertion:Assertion';
    const files = ['--privkey-pem', join(folder, 'key.pem'), join(folder, 'in.xml')];
    return execFileSync('xmlsec1', ['--sign', '--id-attr:ID', element, ...files], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
