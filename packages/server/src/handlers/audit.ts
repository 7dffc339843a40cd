import { listEntries } from '@bulkhead/platform/audit';
import type { Entry } from '@bulkhead/platform/audit';
import { implement } from '@orpc/server';
import { auditContract } from '../contract/audit.ts';
import type { PlatformContext } from '../rpc/context.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** The audit entries of a tenant. */
export function auditHandlers({ cursorKey }: HandlerDependencies) {
  const permitted = implement(auditContract).$context<PlatformContext>();
  return {
    list: permitted.list.handler(async ({ input, context: { session, tenant } }) => {
      const { from, to, target, actor, ...rest } = input;
      const { entries, nextCursor } = await listEntries(
        { session, tenant, cursorKey },
        {
          ...rest,
          targetId: target,
          actorId: actor,
          from: from === undefined ? undefined : new Date(from),
          to: to === undefined ? undefined : new Date(to),
        },
      );
      return { entries: entries.map(toEntry), next: nextCursor };
    }),
  };
}

function toEntry(entry: Entry) {
  const { companyId, actorKind, actorId, onBehalfOf, targetType, targetId, ...rest } = entry;
  return {
    ...rest,
    company: companyId,
    actor: { kind: actorKind, id: actorId, onBehalfOf },
    target: { type: targetType, id: targetId },
  };
}
