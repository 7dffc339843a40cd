import type { IdentityDependencies } from '../../identity/dependencies.ts';
import { readMemberships } from '../../identity/readSession.ts';
import type { Membership } from '../../identity/session.ts';
import type { ApiKeyKind } from './manage.ts';
import { hashApiKeyToken } from './token.ts';

/** A presented key that is live: who acts, where, and what it may do at most. */
export type OpenApiKey = {
  id: string;
  name: string;
  kind: ApiKeyKind;
  tenantId: string;
  tenantName: string;
  permissions: ReadonlySet<string>;
  companyIds: string[] | null;
  expiresAt: Date;
  /** Kind `api_key`: its maker's membership today, which bounds what the key may do. Kind `service`: null. */
  maker: Membership | null;
};

const touchInterval = 60_000;

/**
 * The live key of a token; null when it is malformed, unknown, revoked or expired, and for kind `api_key` when its
 * maker is disabled or no longer a member.
 */
export async function openApiKey(
  identity: Pick<IdentityDependencies, 'pool' | 'sealer' | 'clock'>,
  token: string,
  { ip }: { ip?: string | undefined } = {},
): Promise<OpenApiKey | null> {
  const hash = hashApiKeyToken(token);
  if (hash === null) return null;
  const found = await findSecret(identity, hash);
  if (found === undefined) return null;
  const key = await readKey(identity, found);
  if (key === null) return null;
  const maker = key.kind === 'service' ? null : await makerOf(identity, key.created_by, found.tenant_id);
  if (maker === undefined) return null;
  await touch(identity, found, ip);
  return {
    id: key.id,
    name: key.name,
    kind: key.kind,
    tenantId: found.tenant_id,
    tenantName: key.tenant_name,
    permissions: new Set(key.permissions),
    companyIds: key.company_ids,
    expiresAt: key.expires_at,
    maker,
  };
}

type SecretRow = { key_id: string; tenant_id: string; last_used_at: Date | null };
type Opening = Pick<IdentityDependencies, 'pool' | 'sealer' | 'clock'>;

async function findSecret({ pool }: Opening, hash: Buffer): Promise<SecretRow | undefined> {
  const { rows } = await pool.query<SecretRow>(
    'select key_id, tenant_id, last_used_at from identity.api_key_secret where token_hash = $1',
    [hash],
  );
  return rows[0];
}

type KeyRow = {
  id: string;
  name: string;
  kind: ApiKeyKind;
  permissions: string[];
  company_ids: string[] | null;
  created_by: string;
  expires_at: Date;
  tenant_name: string;
};

async function readKey({ pool, sealer, clock }: Opening, found: SecretRow): Promise<KeyRow | null> {
  const context = sealer.seal({ tenant: found.tenant_id, actor: { kind: 'api_key', id: found.key_id } });
  const { rows } = await pool.query<KeyRow>(
    `select id, name, kind, permissions, company_ids, created_by, expires_at, tenant_name
     from identity.api_key_of_context($1, $2)`,
    [context, new Date(clock())],
  );
  return rows[0] ?? null;
}

async function makerOf(
  identity: Opening,
  accountId: string,
  tenantId: string,
): Promise<Membership | undefined> {
  const memberships = await readMemberships(identity, accountId);
  return memberships.find((membership) => membership.tenantId === tenantId);
}

async function touch({ pool, clock }: Opening, found: SecretRow, ip: string | undefined): Promise<void> {
  const now = clock();
  if (found.last_used_at !== null && now - found.last_used_at.getTime() < touchInterval) return;
  await pool.query(
    'update identity.api_key_secret set last_used_at = $2, last_used_ip = $3 where key_id = $1',
    [found.key_id, new Date(now), ip ?? null],
  );
}
