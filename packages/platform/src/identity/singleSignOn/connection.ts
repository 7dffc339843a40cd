import type { TenantSession } from '../../tenantSession.ts';
import { PlatformError, translating } from '../../errors.ts';
import { randomUuid, type RandomBytes } from '../../random.ts';
import type { FieldCipher } from '../../vault/index.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { noTenant } from '../noTenant.ts';

export type Protocol = 'oidc' | 'saml';

/** What a group of the provider's gives in the tenant. Nobody becomes an owner by one. */
export type RoleMapping = {
  /** A value of the role claim, exactly. */
  value: string;
  role: 'admin' | 'member';
  moduleRoles: string[];
  /** null: every company. */
  companyIds: string[] | null;
};

export type Connection = {
  id: string;
  protocol: Protocol;
  name: string;
  enabled: boolean;
  /** Checked by its protocol's schema before it is stored. */
  config: Record<string, unknown>;
  justInTime: boolean;
  roleClaim: string | null;
  roleMapping: RoleMapping[];
  unmapped: 'member' | 'refuse';
  syncRoles: boolean;
  createdAt: Date;
};

export type ConnectionChanges = Partial<Omit<Connection, 'id' | 'protocol' | 'createdAt'>>;

type Dependencies = { session: TenantSession; cipher: FieldCipher };

const refusals = {
  connection_missing: 'connection_missing',
  connection_limit: 'connection_limit',
  membership_authority: 'permission_refused',
  connection_sync_needs_claim: 'connection_invalid',
  connection_role_mapping_valid: 'role_invalid',
  membership_companies_of_tenant: 'company_missing',
  sign_in_policy_needs_connection: 'policy_without_way_in',
} as const;

type ConnectionRow = {
  id: string;
  protocol: Protocol;
  name: string;
  enabled: boolean;
  config: Record<string, unknown>;
  just_in_time: boolean;
  role_claim: string | null;
  role_mapping: RoleMapping[];
  unmapped: Connection['unmapped'];
  sync_roles: boolean;
  created_at: Date;
};

const columns =
  'id, protocol, name, enabled, config, just_in_time, role_claim, role_mapping, unmapped, sync_roles, created_at';

/** The tenant's connections, oldest first. */
export async function listConnections(session: TenantSession): Promise<Connection[]> {
  const { rows } = await session.query<ConnectionRow>(
    `select ${columns} from identity.connection order by created_at, id`,
  );
  return rows.map(toConnection);
}

/** @throws PlatformError connection_missing */
export async function readConnection(session: TenantSession, connectionId: string): Promise<Connection> {
  const { rows } = await session.query<ConnectionRow>(
    `select ${columns} from identity.connection where id = $1`,
    [connectionId],
  );
  if (rows[0] === undefined) throw new PlatformError('connection_missing');
  return toConnection(rows[0]);
}

/**
 * Adds a connection, switched off. Owners alone: whoever configures one decides who may sign in as whom.
 *
 * @param options.secret OpenID Connect: the client's secret; SAML: the signing key. Stored encrypted, shown never again.
 * @throws PlatformError permission_refused, connection_limit
 */
export async function createConnection(
  { session, cipher, randomBytes }: Dependencies & { randomBytes: RandomBytes },
  options: { protocol: Protocol; name: string; config: Record<string, unknown>; secret: string | null },
): Promise<{ connectionId: string }> {
  const { protocol, name, config, secret } = options;
  const connectionId = randomUuid(randomBytes);
  await translating(refusals, () =>
    session.query('select identity.create_connection($1, $2, $3, $4, $5)', [
      connectionId,
      protocol,
      name,
      JSON.stringify(config),
      secret === null ? null : encryptSecret(cipher, connectionId, secret),
    ]),
  );
  return { connectionId };
}

/**
 * Changes what is given and leaves the rest. Switched off, it signs nobody in and the sessions it started reach nothing.
 *
 * @throws PlatformError permission_refused, connection_missing, connection_invalid, role_invalid, company_missing, policy_without_way_in
 */
export async function changeConnection(
  { session, cipher }: Dependencies,
  {
    connectionId,
    changes,
    secret,
  }: { connectionId: string; changes: ConnectionChanges; secret?: string | undefined },
): Promise<Connection> {
  await translating(refusals, () =>
    session.query('select identity.change_connection($1, $2, $3)', [
      connectionId,
      JSON.stringify(changes),
      secret === undefined ? null : encryptSecret(cipher, connectionId, secret),
    ]),
  );
  return readConnection(session, connectionId);
}

/** @throws PlatformError permission_refused, connection_missing, policy_without_way_in */
export async function removeConnection(
  session: TenantSession,
  { connectionId }: { connectionId: string },
): Promise<void> {
  await translating(refusals, () => session.query('select identity.remove_connection($1)', [connectionId]));
}

/** A connection as a sign-in needs it, before anybody is signed in. */
export type UsableConnection = {
  id: string;
  tenantId: string;
  protocol: Protocol;
  name: string;
  config: Record<string, unknown>;
  secret: string | null;
  justInTime: boolean;
  roleClaim: string | null;
};

/**
 * A connection that is on.
 *
 * @throws PlatformError provider_missing
 */
export async function loadConnection(
  identity: Pick<IdentityDependencies, 'pool' | 'sealer' | 'cipher'>,
  connectionId: string,
): Promise<UsableConnection> {
  const { pool, sealer, cipher } = identity;
  const directory = await pool.query<{ tenant_id: string; secret_encrypted: Buffer | null }>(
    'select tenant_id, secret_encrypted from identity.connection_directory where connection_id = $1 and enabled',
    [connectionId],
  );
  const [place] = directory.rows;
  if (place === undefined) throw new PlatformError('provider_missing');
  // Nobody acts yet; the nil account has no authority over anything, and the seal opens this tenant's rows alone.
  const context = sealer.seal({ tenant: place.tenant_id, actor: { kind: 'service', id: noTenant } });
  const { rows } = await pool.query<Omit<ConnectionRow, 'role_mapping' | 'unmapped'>>(
    'select * from identity.connection_of_context($1, $2)',
    [context, connectionId],
  );
  const [row] = rows;
  if (row === undefined) throw new PlatformError('provider_missing');
  return {
    id: row.id,
    tenantId: place.tenant_id,
    protocol: row.protocol,
    name: row.name,
    config: row.config,
    secret:
      place.secret_encrypted &&
      cipher.decrypt(place.secret_encrypted, secretBinding(connectionId)).toString(),
    justInTime: row.just_in_time,
    roleClaim: row.role_claim,
  };
}

const secretBinding = (connectionId: string): string[] => ['identity.connection', connectionId, 'secret'];

function encryptSecret(cipher: FieldCipher, connectionId: string, secret: string): Buffer {
  return cipher.encrypt(Buffer.from(secret), secretBinding(connectionId));
}

function toConnection(row: ConnectionRow): Connection {
  return {
    id: row.id,
    protocol: row.protocol,
    name: row.name,
    enabled: row.enabled,
    config: row.config,
    justInTime: row.just_in_time,
    roleClaim: row.role_claim,
    roleMapping: row.role_mapping,
    unmapped: row.unmapped,
    syncRoles: row.sync_roles,
    createdAt: row.created_at,
  };
}
