import {
  changeSource,
  createSource,
  endSourceSecret,
  listReceivedEvents,
  listSources,
  removeSource,
  replayEvents,
  rotateSource,
} from '@bulkhead/platform/webhooks/in';
import type { ListedSource, ReceivedEvent } from '@bulkhead/platform/webhooks/in';
import { implement } from '@orpc/server';
import { sourceContract } from '../contract/source.ts';
import type { PlatformContext } from '../rpc/context.ts';
import type { HandlerDependencies } from './dependencies.ts';

const hour = 60 * 60 * 1000;

/** Who sends webhooks to a tenant, and what came. */
export function sourceHandlers({ identity, billing: { origin } }: HandlerDependencies) {
  const permitted = implement(sourceContract).$context<PlatformContext>();
  const { cipher, clock, randomBytes } = identity;
  const managing = ({ session, tenant }: PlatformContext) => ({
    session,
    tenantId: tenant,
    cipher,
    clock,
    randomBytes,
  });
  const listed = (source: ListedSource) => toSource(source, origin());
  return {
    list: permitted.list.handler(async ({ context: { session } }) => ({
      sources: (await listSources(session)).map(listed),
    })),
    create: permitted.create.handler(async ({ input, context }) => {
      const { id, secret } = await createSource(managing(context), input);
      const made = (await listSources(context.session)).find((source) => source.id === id);
      if (made === undefined) throw new Error('a source that was made is not listed');
      return { ...listed(made), secret };
    }),
    change: permitted.change.handler(async ({ input, context: { session } }) => {
      await changeSource(session, input);
      return {};
    }),
    rotate: permitted.rotate.handler(({ input: { overlapHours, ...input }, context }) =>
      rotateSource(managing(context), { ...input, overlap: overlapHours * hour }),
    ),
    endSecret: permitted.endSecret.handler(async ({ input, context: { session } }) => {
      await endSourceSecret(session, input);
      return {};
    }),
    remove: permitted.remove.handler(async ({ input, context: { session } }) => {
      await removeSource(session, input);
      return {};
    }),
    events: permitted.events.handler(async ({ input, context: { session } }) => ({
      events: (await listReceivedEvents(session, input)).map(toEvent),
    })),
    replay: permitted.replay.handler(async ({ input, context: { session } }) => ({
      replayed: await replayEvents({ session, clock }, input),
    })),
  };
}

function toSource({ createdAt, secrets, ...source }: ListedSource, origin: string) {
  return {
    ...source,
    address: `${origin}/webhooks/${source.id}`,
    createdAt: createdAt.toISOString(),
    secrets: secrets.map((secret) => ({
      id: secret.id,
      createdAt: secret.createdAt.toISOString(),
      expiresAt: secret.expiresAt?.toISOString() ?? null,
    })),
  };
}

function toEvent({ receivedAt, finishedAt, ...event }: ReceivedEvent) {
  return { ...event, receivedAt: receivedAt.toISOString(), finishedAt: finishedAt?.toISOString() ?? null };
}
