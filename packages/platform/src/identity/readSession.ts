import type { IdentityDependencies } from './dependencies.ts';
import { noTenant } from './noTenant.ts';
import { hashSecretToken } from './secretToken.ts';
import type { Membership, Session } from './session.ts';

const touchInterval = 60_000;

/**
 * The live session of a token, with its account's memberships; null when the token is malformed, unknown, ended,
 * expired, or its account disabled. Cached for a few seconds (`SessionCache`); its last use is recorded once a minute
 * at most, which moves its idle expiry.
 *
 * @param options.fresh read it from the database whatever the cache holds: for what must see its end at once
 */
export async function readSession(
  identity: IdentityDependencies,
  token: string,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<Session | null> {
  const tokenHash = hashSecretToken(token);
  if (tokenHash === null) return null;
  return readCached(identity, { key: tokenHash, by: 'token_hash', fresh });
}

/** The same by the session's id, which an access token names. Its 16 bytes are no token's 32. */
export async function readSessionById(
  identity: IdentityDependencies,
  sessionId: string,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<Session | null> {
  const key = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
  return readCached(identity, { key, by: 'id', fresh });
}

type Lookup = { key: Buffer; by: 'token_hash' | 'id'; fresh: boolean };

async function readCached(
  identity: IdentityDependencies,
  { key, by, fresh }: Lookup,
): Promise<Session | null> {
  if (fresh) identity.sessions.forget(key);
  const session = await identity.sessions.read(key, () => loadSession(identity, { key, by }));
  if (session === null) return null;
  const now = identity.clock();
  const live = now < session.idleExpiresAt.getTime() && now < session.absoluteExpiresAt.getTime();
  return live ? session : null;
}

type SessionRow = {
  id: string;
  account_id: string;
  created_at: Date;
  last_seen_at: Date;
  idle_expires_at: Date;
  absolute_expires_at: Date;
  auth_time: Date;
  amr: string[];
  acr: string | null;
  confined_tenant_id: string | null;
  email: string;
  email_verified: boolean;
  name: string;
  operator: boolean;
};

async function loadSession(
  identity: IdentityDependencies,
  { key, by }: Pick<Lookup, 'key' | 'by'>,
): Promise<Session | null> {
  const now = new Date(identity.clock());
  const { rows } = await identity.pool.query<SessionRow>(
    `select s.id, s.account_id, s.created_at, s.last_seen_at, s.idle_expires_at, s.absolute_expires_at, s.auth_time,
       s.amr, s.acr, s.confined_tenant_id, a.email, a.email_verified_at is not null as email_verified, a.name,
       exists (
         select from identity.operator o where o.account_id = a.id and o.revoked_at is null
       ) as operator
     from identity.session s
     join identity.account a on a.id = s.account_id
     where ${by === 'id' ? 's.id' : 's.token_hash'} = $1 and s.ended_at is null and a.disabled_at is null
       and s.idle_expires_at > $2 and s.absolute_expires_at > $2`,
    [by === 'id' ? key.toString('hex') : key, now],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const [memberships, idleExpiresAt] = await Promise.all([
    readMemberships(identity, row.account_id, row.id),
    touch(identity, row, now),
  ]);
  if (idleExpiresAt === null) return null;
  return {
    id: row.id,
    account: {
      id: row.account_id,
      email: row.email,
      emailVerified: row.email_verified,
      name: row.name,
      // An operator's powers are the account's; a tenant's provider vouches for a tenant.
      operator: row.operator && row.confined_tenant_id === null,
    },
    memberships,
    createdAt: row.created_at,
    idleExpiresAt,
    absoluteExpiresAt: row.absolute_expires_at,
    authenticatedAt: row.auth_time,
    methods: row.amr,
    acr: row.acr,
    confinedTo: row.confined_tenant_id,
  };
}

// Returns when the session now ends if left idle; null when it was ended since it was read.
async function touch(
  { pool, lifetimes }: IdentityDependencies,
  session: SessionRow,
  now: Date,
): Promise<Date | null> {
  if (now.getTime() - session.last_seen_at.getTime() < touchInterval) return session.idle_expires_at;
  const { rows } = await pool.query<{ idle_expires_at: Date }>(
    `update identity.session
     set last_seen_at = greatest(last_seen_at, $2),
       idle_expires_at = greatest(idle_expires_at, least(absolute_expires_at, $3))
     where id = $1 and ended_at is null
     returning idle_expires_at`,
    [session.id, now, new Date(now.getTime() + lifetimes.idle)],
  );
  return rows[0]?.idle_expires_at ?? null;
}

type MembershipRow = {
  id: string;
  tenant_id: string;
  tenant_name: string;
  role: Membership['role'];
  module_roles: string[];
  company_ids: string[] | null;
  second_factor_due: boolean;
};

/**
 * An account's memberships as they are now.
 *
 * @param sessionId those that this session of the account may act through: not all, when single sign-on confines it or
 *   is required somewhere
 */
export async function readMemberships(
  { pool, sealer }: Pick<IdentityDependencies, 'pool' | 'sealer'>,
  accountId: string,
  sessionId?: string,
): Promise<Membership[]> {
  const context = sealer.seal({ tenant: noTenant, actor: { kind: 'account', id: accountId } });
  const columns = 'id, tenant_id, tenant_name, role, module_roles, company_ids';
  const { rows } = await pool.query<MembershipRow>(
    sessionId === undefined
      ? `select ${columns}, false as second_factor_due from identity.memberships_of_context($1)`
      : `select ${columns}, second_factor_due from identity.memberships_of_session($1, $2)`,
    sessionId === undefined ? [context] : [context, sessionId],
  );
  return rows.map((row) => ({
    id: row.id,
    tenantId: row.tenant_id,
    tenantName: row.tenant_name,
    role: row.role,
    moduleRoles: row.module_roles,
    companyIds: row.company_ids,
    secondFactorDue: row.second_factor_due,
  }));
}
