import { ReadableStream as WebStream } from 'node:stream/web';
import {
  exportEntries,
  listEntries,
  listViews,
  removeView,
  saveView,
  tailEntries,
} from '@bulkhead/platform/audit';
import type { Entry, EntryFilter } from '@bulkhead/platform/audit';
import { downloadHeaders } from '@bulkhead/platform/content';
import { implement, withEventMeta } from '@orpc/server';
import { StreamSlots } from '../audit/streams.ts';
import { auditContract } from '../contract/audit.ts';
import type { PlatformContext } from '../rpc/context.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** The audit entries of a tenant. */
export function auditHandlers({ cursorKey }: Pick<HandlerDependencies, 'cursorKey'>) {
  const permitted = implement(auditContract).$context<PlatformContext>();
  const slots = new StreamSlots();
  return {
    list: permitted.list.handler(async ({ input, context: { session, tenant } }) => {
      const { limit, cursor, ...filter } = input;
      const { entries, nextCursor, searchedTo } = await listEntries(
        { session, tenant, cursorKey },
        { ...toFilter(filter), limit, cursor },
      );
      return { entries: entries.map(toEntry), next: nextCursor, searchedTo };
    }),

    tail: permitted.tail.handler(({ input, context: { session, tenant, actor }, lastEventId, signal }) => {
      const { seconds, after, ...filter } = input;
      const batches = () =>
        tailEntries(
          { session, tenant, cursorKey },
          { filter: toFilter(filter), resume: lastEventId ?? after, signal, looks: seconds },
        );
      return slots.hold(actor.id, async function* told() {
        for await (const { entries, skipped, cursor } of batches()) {
          yield withEventMeta({ entries: entries.map(toEntry), skipped, cursor }, { id: cursor });
        }
      });
    }),

    export: permitted.export.handler(async ({ input, context: { session } }) => {
      const { format, ...filter } = input;
      const pieces = await exportEntries(session, { format, filter: toFilter(filter) });
      return {
        headers: downloadHeaders({
          name: `audit.${format}`,
          type:
            format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl; charset=utf-8',
        }),
        body: WebStream.from(encoded(pieces)) as ReadableStream<Uint8Array>,
      };
    }),

    views: {
      list: permitted.views.list.handler(async ({ context: { session } }) => ({
        views: await listViews(session),
      })),
      save: permitted.views.save.handler(({ input, context: { session } }) => saveView(session, input)),
      remove: permitted.views.remove.handler(async ({ input, context: { session } }) => {
        await removeView(session, input.id);
        return {};
      }),
    },
  };
}

async function* encoded(pieces: AsyncGenerator<string, void>): AsyncGenerator<Uint8Array, void> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

type GivenFilter = {
  from?: string | undefined;
  to?: string | undefined;
  action?: string | undefined;
  targetType?: string | undefined;
  target?: string | undefined;
  actor?: string | undefined;
  company?: string | undefined;
  request?: string | undefined;
  text?: string | undefined;
};

function toFilter({ from, to, target, actor, company, request, ...rest }: GivenFilter): EntryFilter {
  return {
    ...rest,
    targetId: target,
    actorId: actor,
    companyId: company,
    requestId: request,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
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
