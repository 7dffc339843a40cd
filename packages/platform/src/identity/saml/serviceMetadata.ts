import { generateServiceProviderMetadata } from '@node-saml/node-saml';

/**
 * This service's metadata for one connection: its entity id, where answers go, and the certificates requests are signed
 * with. It promises signed requests and asks for signed assertions; it offers no key to encrypt for.
 *
 * @param options.certificates PEM
 */
export function serviceMetadata(options: {
  audience: string;
  acsUrl: string;
  certificates: readonly string[];
  privateKey: string;
}): string {
  return generateServiceProviderMetadata({
    issuer: options.audience,
    callbackUrl: options.acsUrl,
    publicCerts: [...options.certificates],
    privateKey: options.privateKey,
    identifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    wantAssertionsSigned: true,
    signMetadata: false,
  });
}
