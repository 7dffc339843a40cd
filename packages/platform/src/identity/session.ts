/** Where a sign-in comes from; shown to its owner in the device list. */
export type Device = {
  ip?: string | undefined;
  /** Kept to its first 512 characters. */
  userAgent?: string | undefined;
  /** Of the request, for the audit entry. */
  requestId?: string | undefined;
  /** A browser, by which it is known again: the value of its device cookie, if it has one. Absent: a program. */
  browser?: { token: string | undefined } | undefined;
};

export type StartedSession = {
  /** For the cookie, and nowhere else. */
  token: string;
  sessionId: string;
  accountId: string;
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  /** For the browser's device cookie: its own if it had one, else a new one. Null: none is to be set. */
  deviceToken: string | null;
};

export type OrganisationRole = 'owner' | 'admin' | 'member';

export type Membership = {
  id: string;
  tenantId: string;
  tenantName: string;
  role: OrganisationRole;
  /** `<module>:<role>`. */
  moduleRoles: string[];
  /** Companies it is limited to; null: every company. */
  companyIds: string[] | null;
  /** The tenant asks for two factors, and this session has proved one. */
  secondFactorDue: boolean;
};

export type Session = {
  id: string;
  account: { id: string; email: string; emailVerified: boolean; name: string; operator: boolean };
  memberships: Membership[];
  createdAt: Date;
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  /** When the person last proved who they are. */
  authenticatedAt: Date;
  /** RFC 8176 amr values: pwd … */
  methods: string[];
  /** Authentication context class (OpenID Connect acr); null for a password alone. */
  acr: string | null;
  /**
   * The one tenant it reaches, because that tenant's own identity provider started it; null: all of the account's. What
   * such a session may not touch is the account itself.
   */
  confinedTo: string | null;
};

/** A tenant's connection that vouches for a sign-in. */
export type VouchingConnection = { id: string; tenantId: string };
