/** Addresses of a connection: what an identity provider is told. */
export type ServiceAddresses = {
  /** Entity id and address of the metadata: one for each connection, so that no answer is another connection's. */
  audience: string;
  acsUrl: string;
};

/** @param origin of the service, from configuration alone, e.g. `https://app.example.com` */
export function serviceAddresses(origin: string, connectionId: string): ServiceAddresses {
  const base = `${origin}/sign-in/saml/${connectionId}`;
  return { audience: `${base}/metadata`, acsUrl: `${base}/acs` };
}
