import type { TenantPool } from '@bulkhead/kernel';
import type { ProcedureMeta } from '../contract/index.ts';
import type { Program } from '../session/apiKeys.ts';
import type { RequestScope } from './scope.ts';

type Refused = { meta: Partial<ProcedureMeta>; scope: RequestScope; placed: Program };

/**
 * Writes into the tenant's audit log that somebody was refused a dangerous procedure (one with `stepUp`) for want of the
 * permission. Refusals of everyday procedures are counted and logged, and would drown the log.
 */
export async function recordPermissionRefusal(db: Pick<TenantPool, 'as'>, refused: Refused): Promise<void> {
  const { meta, placed } = refused;
  if (meta.permission === undefined || placed.permissions.has(meta.permission)) return;
  await recordRefusal(db, refused);
}

/** The same of a program, which a dangerous procedure refuses whatever its permissions: it cannot prove who it is. */
export async function recordRefusal(
  db: Pick<TenantPool, 'as'>,
  { meta, scope, placed }: Refused,
): Promise<void> {
  const { actor, tenant } = placed;
  if (meta.stepUp !== true || meta.permission === undefined) return;
  const session = db.as(
    { tenant, actor: { kind: actor.kind, id: actor.id } },
    { id: scope.id, ip: scope.ip, userAgent: scope.userAgent },
  );
  const detail = { permission: meta.permission, procedure: scope.outcome.procedure };
  await session.query(`select bulkhead.audit_event('permission.refuse', 'server.procedure', null, $1)`, [
    JSON.stringify(detail),
  ]);
}
