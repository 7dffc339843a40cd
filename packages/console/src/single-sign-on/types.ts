import type { Client } from '../client/api.ts';

export type Connection = Awaited<ReturnType<Client['connection']['list']>>['connections'][number];
export type Domain = Awaited<ReturnType<Client['domain']['list']>>['domains'][number];
export type SignInPolicy = Awaited<ReturnType<Client['signInPolicy']['read']>>;
export type ProviderLinks = Awaited<ReturnType<Client['identityProvider']['links']>>;

/** What a connection by OpenID Connect is set to. */
export type OidcSettings = {
  issuer: string;
  clientId: string;
  scopes: string[];
  emailVerification: 'claim' | 'domain';
  trustsMultiFactor: boolean;
};

/** Reads a connection's settings, which the server has checked. */
export function oidcSettingsOf({ config }: Connection): OidcSettings {
  const { issuer, clientId, scopes, emailVerification, trustsMultiFactor } = config;
  return {
    issuer: typeof issuer === 'string' ? issuer : '',
    clientId: typeof clientId === 'string' ? clientId : '',
    scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [],
    emailVerification: emailVerification === 'domain' ? 'domain' : 'claim',
    trustsMultiFactor: trustsMultiFactor === true,
  };
}
