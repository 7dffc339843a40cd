import type { ClientBase, Pool } from 'pg';
import type { Sealer } from '../sealer.ts';
import { noTenant } from './noTenant.ts';

/** Something that happened to an account, or at the door to nobody known. */
export type IdentityEvent = {
  /** `noun.verb` in lower case, e.g. `session.start`, `factor.remove`. */
  action: `${string}.${string}`;
  /** What it happened to, e.g. `identity.session`. */
  targetType: string;
  targetId?: string | undefined;
  /** Whose account, once that is known. Absent: the service's own chain alone is written. */
  accountId?: string | undefined;
  /** Anything worth knowing; never a secret. */
  detail?: Record<string, unknown> | undefined;
  request?: { id?: string | undefined; ip?: string | undefined; userAgent?: string | undefined } | undefined;
};

/**
 * Writes an audit entry into the service's own chain and, for an account, into that of each tenant it belongs to.
 * Given a client within a transaction, the event is committed with what it tells of, or not at all.
 *
 * @param database connected as bulkhead_identity
 */
export async function recordEvent(
  { sealer }: { sealer: Sealer },
  database: Pool | ClientBase,
  event: IdentityEvent,
): Promise<void> {
  const { accountId, request = {} } = event;
  const context =
    accountId === undefined
      ? null
      : sealer.seal({ tenant: noTenant, actor: { kind: 'account', id: accountId } });
  await database.query('select identity.record_event($1, $2, $3, $4, $5, $6)', [
    context,
    event.action,
    event.targetType,
    event.targetId ?? null,
    event.detail === undefined ? null : JSON.stringify(event.detail),
    JSON.stringify({ id: request.id, ip: request.ip, agent: request.userAgent }),
  ]);
}
