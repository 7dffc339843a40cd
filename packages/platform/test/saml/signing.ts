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
