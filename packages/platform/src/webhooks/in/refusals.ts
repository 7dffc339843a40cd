import type { Pool } from 'pg';
import { recordEvent } from '../../identity/event.ts';
import type { Sealer } from '../../sealer.ts';
import type { TenantSession } from '../../tenantSession.ts';
import type { WebhookSource } from './source.ts';

type Counted = { source: WebhookSource | undefined; reasons: Record<string, number> };

/** Refused requests since they were last reported. Bounded: unknown sources share one count. */
export class RefusalCounts {
  #counts = new Map<string, Counted>();

  count(source: WebhookSource | undefined, reason: string): void {
    const key = source?.id ?? '';
    const counted = this.#counts.get(key) ?? { source, reasons: {} };
    counted.reasons[reason] = (counted.reasons[reason] ?? 0) + 1;
    this.#counts.set(key, counted);
  }

  /** What was counted, which begins anew. */
  take(): Counted[] {
    const taken = [...this.#counts.values()];
    this.#counts = new Map();
    return taken;
  }
}

export type ReportDependencies = {
  refusals: RefusalCounts;
  sealer: Sealer;
  /** Connected as bulkhead_identity. */
  pool: Pool;
  /** A tenant's data, with a source as the actor. */
  as: (tenantId: string, sourceId: string) => TenantSession;
};

/**
 * Writes what was refused into the audit ledger, one entry a source whatever the flood: of a tenant's source into its
 * tenant's chain, of the service's own and of unknown ones into the service's.
 */
export async function reportRefusals({ refusals, sealer, pool, as }: ReportDependencies): Promise<void> {
  for (const { source, reasons } of refusals.take()) {
    if (source === undefined || source.tenantId === null) {
      // oxlint-disable-next-line no-await-in-loop -- few, and no hurry
      await recordEvent({ sealer }, pool, {
        action: 'webhook.refuse',
        targetType: 'webhooks.source',
        detail: { source: source?.name ?? 'unknown', reasons },
      });
    } else {
      // oxlint-disable-next-line no-await-in-loop -- few, and no hurry
      await as(source.tenantId, source.id).query('select bulkhead.audit_event($1, $2, $3, $4)', [
        'webhook.refuse',
        'webhooks.source',
        source.id,
        JSON.stringify({ reasons }),
      ]);
    }
  }
}
