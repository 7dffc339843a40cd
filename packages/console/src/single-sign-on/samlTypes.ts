import type { Client } from '../client/api.ts';

export type SamlSettings = Awaited<ReturnType<Client['saml']['read']>>;
export type SamlProvider = NonNullable<SamlSettings['provider']>;
export type SamlCertificate = SamlProvider['certificates'][number];

/** How the provider's words are read; a SAML connection's `config`. */
export type SamlReading = {
  emailAttribute: string | null;
  nameAttribute: string | null;
  trustsMultiFactor: boolean;
};
