import { SAML } from '@node-saml/node-saml';

/** A signed request for authentication, ready to be sent by the browser. */
export type SignOnRequest =
  | { binding: 'redirect'; url: string }
  | { binding: 'post'; url: string; fields: { SAMLRequest: string; RelayState: string } };

export type RequestInput = {
  signOn: { url: string; binding: 'redirect' | 'post' };
  /** This service's entity id for the connection. */
  audience: string;
  acsUrl: string;
  /** `_` and hex digits: what the answer must name. */
  requestId: string;
  /** Opaque; comes back with the answer. Never an address. */
  relayState: string;
  /** PEM. */
  privateKey: string;
  /** PEM: stands in the request of the POST binding. */
  certificate: string;
};

/**
 * Builds an AuthnRequest and signs it with RSA-SHA256: in the query for HTTP-Redirect (bindings, 3.4.4.1), in the XML
 * for HTTP-POST (3.5.4).
 */
export async function createRequest(input: RequestInput): Promise<SignOnRequest> {
  const { signOn, relayState } = input;
  const saml = new SAML({
    entryPoint: signOn.url,
    issuer: input.audience,
    callbackUrl: input.acsUrl,
    // node-saml asks for it; its own verification of answers is not used.
    idpCert: input.certificate,
    privateKey: input.privateKey,
    publicCert: input.certificate,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    generateUniqueId: () => input.requestId,
    // Compression belongs to the Redirect binding alone.
    skipRequestCompression: signOn.binding === 'post',
  });
  if (signOn.binding === 'redirect') {
    return { binding: 'redirect', url: await saml.getAuthorizeUrlAsync(relayState, undefined, {}) };
  }
  const message = await saml.getAuthorizeMessageAsync(relayState, undefined, {});
  const fields = { SAMLRequest: String(message['SAMLRequest']), RelayState: relayState };
  return { binding: 'post', url: signOn.url, fields };
}
