import type { Pool } from 'pg';
import type { Sealer } from '../sealer.ts';
import type { TenantSession } from '../tenantSession.ts';

/** What one run of a server counted in one hour of one tenant's requests of one class. */
export type UsageFigure = {
  tenant: string;
  /** Its beginning. */
  hour: Date;
  /** `read`, `write` or `heavy`. */
  rateClass: string;
  answered: number;
  refused: number;
};

export type UsageParts = {
  /** Connected as bulkhead_worker. */
  worker: Pick<Pool, 'query'>;
  sealer: Sealer;
  /** This start of this server: in whose name figures are written, and whose rows they are. */
  serverId: string;
};

/** Figures are kept so many days. */
export const usageDays = 35;

const day = 24 * 60 * 60 * 1000;

const contextFor =
  ({ sealer, serverId }: UsageParts) =>
  (tenant: string): string =>
    sealer.seal({ tenant, actor: { kind: 'job', id: serverId } });

/** Writes whole counts, so that what is written twice counts once. */
export async function recordUsage(parts: UsageParts, figures: readonly UsageFigure[]): Promise<void> {
  if (figures.length === 0) return;
  const tenants = [...new Set(figures.map(({ tenant }) => tenant))];
  const rows = figures.map(({ tenant, hour, rateClass, answered, refused }) => ({
    tenant,
    hour,
    rate_class: rateClass,
    answered,
    refused,
  }));
  await parts.worker.query('select tenants.record_usage($1, $2, $3)', [
    parts.serverId,
    tenants.map(contextFor(parts)),
    JSON.stringify(rows),
  ]);
}

/**
 * Deletes what is older than 35 days, of at most 500 tenants.
 *
 * @returns whether there is more
 */
export async function forgetOldUsage(parts: UsageParts, { now }: { now: number }): Promise<boolean> {
  const before = new Date(now - usageDays * day);
  const { rows } = await parts.worker.query<{ tenant: string }>(
    'select tenants.old_usage($1, 500) as tenant',
    [before],
  );
  if (rows.length === 0) return false;
  await parts.worker.query('select tenants.forget_usage($1, $2)', [
    rows.map(({ tenant }) => contextFor(parts)(tenant)),
    before,
  ]);
  return rows.length === 500;
}

export type UsageStep = 'hour' | 'day';

/** Requests of one class in one hour or day (UTC). */
export type UsagePoint = { at: Date; rateClass: string; answered: number; refused: number };

/** What the session's tenant used, the oldest first; hours in which nothing happened are left out. */
export async function readUsage(
  session: TenantSession,
  { since, step }: { since: Date; step: UsageStep },
): Promise<UsagePoint[]> {
  const { rows } = await session.query<{ at: Date; rate_class: string; answered: string; refused: string }>(
    `select date_trunc($2, hour, 'UTC') as at, rate_class, sum(answered) as answered, sum(refused) as refused
     from tenants.usage_hour where hour >= $1
     group by 1, 2 order by 1, 2`,
    [since, step],
  );
  return rows.map(({ at, rate_class: rateClass, answered, refused }) => ({
    at,
    rateClass,
    answered: Number(answered),
    refused: Number(refused),
  }));
}

/** How much of each quota the session's tenant has taken. */
export async function readQuotasTaken(
  session: TenantSession,
): Promise<Record<'members' | 'apiKeys' | 'webhookEndpoints', number>> {
  const { rows } = await session.query<{ members: string; api_keys: string; webhook_endpoints: string }>(
    `select (select count(*) from identity.membership where deleted_at is null) as members,
       (select count(*) from identity.api_key where deleted_at is null and expires_at > now()) as api_keys,
       (select count(*) from webhooks.endpoint where deleted_at is null) as webhook_endpoints`,
  );
  const [row] = rows;
  return {
    members: Number(row?.members ?? 0),
    apiKeys: Number(row?.api_keys ?? 0),
    webhookEndpoints: Number(row?.webhook_endpoints ?? 0),
  };
}
