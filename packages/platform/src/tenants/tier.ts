import type { Pool } from 'pg';
import { translating } from '../errors.ts';
import type { Sealer } from '../sealer.ts';
import type { TenantSession } from '../tenantSession.ts';

/** Requests of a whole tenant: so many a minute, and beyond that so many an hour. */
export type TierCap = { cap: number; burst: number };

/** What a tenant of a tier may use. */
export type Tier = {
  /** Stable, e.g. `standard`. */
  name: string;
  /** What people call it. */
  title: string;
  caps: Readonly<Record<'read' | 'write' | 'heavy', TierCap>>;
  /** Null: any number. */
  quotas: Readonly<Record<'members' | 'apiKeys' | 'webhookEndpoints', number | null>>;
};

type Row = {
  name: string;
  title: string;
  read_cap: number;
  read_burst: number;
  write_cap: number;
  write_burst: number;
  heavy_cap: number;
  heavy_burst: number;
  members: number | null;
  api_keys: number | null;
  webhook_endpoints: number | null;
};

const columns = `name, title, read_cap, read_burst, write_cap, write_burst, heavy_cap, heavy_burst,
  members, api_keys, webhook_endpoints`;

/** The tier of the session's tenant; undefined where it was given none and there is no default. */
export async function readTier(session: TenantSession): Promise<Tier | undefined> {
  return (await readTierAndDefault(session)).own;
}

/** The same, with the tier of whoever was given none, in one question. */
export async function readTierAndDefault(
  session: TenantSession,
): Promise<{ own: Tier | undefined; standard: Tier | undefined }> {
  const { rows } = await session.query<Row & { own: boolean }>(
    `select true as own, ${columns} from tenants.own_tier()
     union all select false, ${columns} from tenants.tier where is_default`,
  );
  const tierOf = (own: boolean) => rows.filter((row) => row.own === own).map(toTier)[0];
  return { own: tierOf(true), standard: tierOf(false) };
}

/** Every tier, the smallest first. */
export async function listTiers(session: TenantSession): Promise<Tier[]> {
  const { rows } = await session.query<Row>(`select ${columns} from tenants.tier order by rank`);
  return rows.map(toTier);
}

/** Who says which tier: billing, as a job; or an operator, whose word stands above billing's. Ids are UUIDs. */
export type TierSetter = { kind: 'job' | 'operator'; id: string };

export type TierChange = {
  tenantId: string;
  /** Null takes the setter's word back: then the other's holds, or the default. */
  tier: string | null;
  /** For the audit log, 1 to 500 characters. */
  reason: string;
  setter: TierSetter;
};

/**
 * Says a tenant's tier; the tenant's audit log shows who and why. The same word twice changes and audits nothing.
 *
 * @param parts.worker connected as bulkhead_worker, a client in a transaction where the change belongs to one
 * @returns the tier that holds now
 * @throws PlatformError tier_missing, tenant_missing, permission_refused (an operator whose promotion has ended),
 *   input_invalid
 */
export async function setTier(
  parts: { worker: Pick<Pool, 'query'>; sealer: Sealer },
  { tenantId, tier, reason, setter }: TierChange,
): Promise<string | null> {
  const context = parts.sealer.seal({ tenant: tenantId, actor: setter });
  const { rows } = await translating(refusals, () =>
    parts.worker.query<{ tier: string | null }>('select tenants.set_tier($1, $2, $3) as tier', [
      context,
      tier,
      reason,
    ]),
  );
  return rows[0]?.tier ?? null;
}

const refusals = {
  tier_missing: 'tier_missing',
  tier_setter: 'permission_refused',
  tenant_tier_reason_length: 'input_invalid',
  tenant_tier_tenant_fkey: 'tenant_missing',
} as const;

function toTier(row: Row): Tier {
  return {
    name: row.name,
    title: row.title,
    caps: {
      read: { cap: row.read_cap, burst: row.read_burst },
      write: { cap: row.write_cap, burst: row.write_burst },
      heavy: { cap: row.heavy_cap, burst: row.heavy_burst },
    },
    quotas: { members: row.members, apiKeys: row.api_keys, webhookEndpoints: row.webhook_endpoints },
  };
}
