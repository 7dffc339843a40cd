import type { Clock } from '../../clock.ts';
import { PlatformError, translating } from '../../errors.ts';
import type { RandomBytes } from '../../random.ts';
import type { TenantSession } from '../../tenantSession.ts';
import type { Permission } from '../permission.ts';
import { createApiKeyToken } from './token.ts';

/** `api_key`: never more than its maker may do. `service`: on its own. */
export type ApiKeyKind = 'api_key' | 'service';

/** A key as its tenant's administrators see it; its secret is shown once, when it is made. */
export type ApiKey = {
  id: string;
  name: string;
  kind: ApiKeyKind;
  /** The key's first characters. */
  hint: string;
  permissions: string[];
  companyIds: string[] | null;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
  /** To the minute; null: never. */
  lastUsedAt: Date | null;
  lastUsedIp: string | null;
};

export type NewApiKey = {
  /** 1 to 100 characters. */
  name: string;
  kind: ApiKeyKind;
  /** What it may do: a part of what its maker may do. */
  permissions: readonly Permission[];
  /** Companies it is limited to; null: all of its maker's tenant. */
  companyIds: readonly string[] | null;
  /** Days it lives, 1 to 366. */
  days: number;
};

export type MakingApiKey = {
  session: TenantSession;
  /** What the maker may do now. */
  held: ReadonlySet<string>;
  clock: Clock;
  randomBytes: RandomBytes;
};

const day = 24 * 60 * 60 * 1000;
const columns = `id, name, kind, hint, permissions, company_ids as "companyIds", created_by as "createdBy",
  created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt", last_used_ip as "lastUsedIp"`;

const refusals = {
  api_key_maker: 'permission_refused',
  membership_authority: 'permission_refused',
  api_key_companies_of_maker: 'permission_refused',
  api_key_companies_of_tenant: 'company_missing',
  api_key_companies_given: 'input_invalid',
  api_key_permissions_given: 'input_invalid',
  api_key_life: 'input_invalid',
  api_key_name_length: 'input_invalid',
  api_key_missing: 'api_key_missing',
  tier_api_keys: 'quota_reached',
} as const;

/**
 * Makes an API key of the context's tenant. Its token is in the answer and nowhere else.
 *
 * @throws PlatformError permission_refused (a permission the maker lacks, another's company), company_missing,
 *   quota_reached, input_invalid
 */
export async function createApiKey(
  { session, held, clock, randomBytes }: MakingApiKey,
  wanted: NewApiKey,
): Promise<{ key: ApiKey; token: string }> {
  const lacking = wanted.permissions.find((permission) => !held.has(permission));
  if (lacking !== undefined) {
    throw new PlatformError('permission_refused', {
      message: `You cannot give a key ${lacking}: you do not hold it yourself.`,
      field: 'permissions',
    });
  }
  const now = clock();
  const { token, hash, hint } = createApiKeyToken(randomBytes);
  const row = {
    name: wanted.name,
    kind: wanted.kind,
    hint,
    permissions: [...new Set(wanted.permissions)].toSorted(),
    company_ids: wanted.companyIds,
    expires_at: new Date(now + wanted.days * day),
  };
  const made = await translating(refusals, () =>
    session.query<{ id: string }>('select identity.create_api_key($1, $2, $3) as id', [
      JSON.stringify(row),
      hash,
      new Date(now),
    ]),
  );
  const key = (await listApiKeys(session)).find(({ id }) => id === made.rows[0]?.id);
  if (key === undefined) throw new PlatformError('api_key_missing');
  return { key, token };
}

/** The keys of the context's tenant that were not revoked, the newest first; expired ones among them. */
export async function listApiKeys(session: TenantSession): Promise<ApiKey[]> {
  const { rows } = await session.query<ApiKey>(`select ${columns} from identity.api_keys()`);
  return rows;
}

/**
 * Ends a key for good. Owners and admins end any, everybody their own. Another server process notices within the five
 * seconds that it trusts what it read.
 *
 * @throws PlatformError api_key_missing, permission_refused
 */
export async function revokeApiKey(session: TenantSession, { keyId }: { keyId: string }): Promise<void> {
  await translating(refusals, () => session.query('select identity.revoke_api_key($1)', [keyId]));
}
