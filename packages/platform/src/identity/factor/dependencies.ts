import type { IdentityDependencies } from '../dependencies.ts';

/** Who the service is to an authenticator; from `http.publicUrl` alone, never from a request. */
export type RelyingParty = {
  /** Domain the passkeys are bound to, e.g. `app.example.com`. */
  id: string;
  /** The one origin whose pages may use them, e.g. `https://app.example.com`. */
  origin: string;
};

/** What the factor functions work with; one object for the life of a server. */
export type FactorDependencies = IdentityDependencies & {
  /**
   * Known once the server listens.
   *
   * @throws PlatformError passkey_unavailable: it is reached by an address that is no domain
   */
  relyingParty: () => RelyingParty;
  /** The service's name, as authenticators show it. */
  serviceName: string;
  /** Milliseconds for which a proof satisfies a procedure that asks for step-up. Default 10 minutes. */
  stepUpWithin: number;
};
