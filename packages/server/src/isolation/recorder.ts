import { randomUUID } from 'node:crypto';
import type { TenantCounters, TenantPool } from '@bulkhead/kernel';
import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';

export type RecorderOptions = {
  tenants: Pick<TenantPool, 'takeTenantCounters'>;
  /** Connected as bulkhead_worker. */
  worker: Pick<Pool, 'query'>;
  clock: () => number;
  /** This start of this server; default: a fresh one. */
  serverId?: string;
};

/** UTC, `YYYY-MM-DD`. */
export function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/**
 * Adds up what the tenants' pool counts, and writes the whole count of the day under this server's own id. A write whose
 * answer was lost is written again and changes nothing; servers never write the same row.
 */
export class FigureRecorder {
  readonly #options: RecorderOptions;
  readonly #serverId: string;
  readonly #days = new Map<string, Map<string, TenantCounters>>();
  readonly #unwritten = new Map<string, Set<string>>();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#serverId = options.serverId ?? randomUUID();
  }

  /** Writes what is new. What fails is kept for the next time. */
  async flush(): Promise<void> {
    const today = dayOf(this.#options.clock());
    this.#collect(today);
    for (const [day, tenants] of this.#unwritten) {
      const written = [...tenants];
      if (written.length > 0) await this.#write(day, written);
      for (const tenant of written) tenants.delete(tenant);
      if (day !== today && tenants.size === 0) {
        this.#unwritten.delete(day);
        this.#days.delete(day);
      }
    }
  }

  #collect(day: string): void {
    const sums = this.#days.get(day) ?? new Map<string, TenantCounters>();
    this.#days.set(day, sums);
    const unwritten = this.#unwritten.get(day) ?? new Set<string>();
    this.#unwritten.set(day, unwritten);
    for (const [tenant, counted] of this.#options.tenants.takeTenantCounters()) {
      const sum = sums.get(tenant) ?? { statements: 0, refusals: 0, crossTenantRows: 0 };
      sums.set(tenant, {
        statements: sum.statements + counted.statements,
        refusals: sum.refusals + counted.refusals,
        crossTenantRows: sum.crossTenantRows + counted.crossTenantRows,
      });
      unwritten.add(tenant);
    }
  }

  async #write(day: string, tenants: readonly string[]): Promise<void> {
    const figures = tenants.map((tenant) => {
      const sum = this.#days.get(day)?.get(tenant);
      return {
        tenant,
        statements: sum?.statements ?? 0,
        refusals: sum?.refusals ?? 0,
        cross_tenant_rows: sum?.crossTenantRows ?? 0,
      };
    });
    await this.#options.worker.query('select tenants.record_isolation($1, $2, $3)', [
      this.#serverId,
      day,
      JSON.stringify(figures),
    ]);
  }
}

/** Writes the figures every three seconds, and once more at shutdown. */
export function isolationDuty(options: RecorderOptions): Duty {
  const recorder = new FigureRecorder(options);
  let listening = false;
  return {
    name: 'isolation.record',
    every: 3000,
    run: async (signal) => {
      if (!listening) {
        listening = true;
        // Taken by the pool before it closes; what it cannot write any more is lost with the process.
        signal.addEventListener('abort', () => void recorder.flush().catch(() => undefined), { once: true });
      }
      await recorder.flush();
    },
  };
}
