import type { DataErrorCode } from './errors.ts';

/** Figures since the pool was made. */
export type Counters = {
  /** statements run under a context */
  statements: number;
  /** statements and batches that were refused, by code */
  refusals: Partial<Record<DataErrorCode, number>>;
  /** rows of another tenant found in results by sampling; must stay 0 */
  crossTenantRows: number;
};

/** What was done under one tenant's contexts. */
export type TenantCounters = { statements: number; refusals: number; crossTenantRows: number };

const refusals: ReadonlySet<DataErrorCode> = new Set([
  'context_refused',
  'row_refused',
  'privilege_refused',
  'delete_refused',
  'statement_refused',
  'batch_straddles_tenants',
]);

/** Counts what a pool did, altogether and tenant by tenant. */
export class Tally {
  #statements = 0;
  #crossTenantRows = 0;
  readonly #refusals: Partial<Record<DataErrorCode, number>> = {};
  #tenants = new Map<string, TenantCounters>();

  statement(tenant: string): void {
    this.#statements += 1;
    this.#of(tenant).statements += 1;
  }

  /** Counts the codes that mean a refusal and ignores the others. */
  failure(code: DataErrorCode, tenant: string): void {
    if (!refusals.has(code)) return;
    this.#refusals[code] = (this.#refusals[code] ?? 0) + 1;
    this.#of(tenant).refusals += 1;
  }

  crossTenantRows(count: number, tenant: string): void {
    this.#crossTenantRows += count;
    this.#of(tenant).crossTenantRows += count;
  }

  read(): Counters {
    return {
      statements: this.#statements,
      refusals: { ...this.#refusals },
      crossTenantRows: this.#crossTenantRows,
    };
  }

  /** What was counted for each tenant since the last call. */
  takeTenants(): ReadonlyMap<string, TenantCounters> {
    const taken = this.#tenants;
    this.#tenants = new Map();
    return taken;
  }

  #of(tenant: string): TenantCounters {
    let counters = this.#tenants.get(tenant);
    if (counters === undefined) {
      this.#tenants.set(tenant, (counters = { statements: 0, refusals: 0, crossTenantRows: 0 }));
    }
    return counters;
  }
}

/** How many of the rows at hand are looked at: the first, the last, and so many between. */
const sampleSize = 8;

/**
 * How many sampled rows name another tenant in a column called `tenant_id`.
 * @param rows objects, or arrays in the order of `fields`
 */
export function foreignRows(
  rows: readonly unknown[],
  fields: readonly { name: string }[],
  tenant: string,
): number {
  const column = fields.findIndex(({ name }) => name === 'tenant_id');
  if (column < 0 || rows.length === 0) return 0;
  const step = Math.max(1, Math.floor((rows.length - 1) / sampleSize));
  let found = 0;
  for (let at = 0; at < rows.length; at += step) {
    const row = rows[at] as unknown[] | { tenant_id: unknown };
    const value = Array.isArray(row) ? row[column] : row.tenant_id;
    if (typeof value === 'string' && value !== tenant) found += 1;
  }
  return found;
}
