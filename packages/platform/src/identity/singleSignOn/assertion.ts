/** What a provider says about a person, checked by its protocol. */
export type ProviderAssertion = {
  /** The issuer (OpenID Connect) or entity id (SAML), exactly. */
  issuer: string;
  /** The provider's stable identifier of the person, exactly: case counts. */
  subject: string;
  /** null: it gave none. */
  email: string | null;
  /** Whether it says, or its tenant's proved domain stands for it, that the address is the person's. */
  emailVerified: boolean;
  name: string | null;
  /** Values of the connection's role claim. */
  groups: readonly string[];
  /** RFC 8176 amr values. `mfa` is among them only where the provider is trusted with it (T-39). */
  methods: readonly string[];
  /** Milliseconds since the epoch after which the session must not last. Default: the service's own life. */
  endsAt?: number | undefined;
};
