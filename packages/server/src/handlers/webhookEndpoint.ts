import {
  changeEndpoint,
  createEndpoint,
  listAttempts,
  listDeliveries,
  listEndpoints,
  readEndpoint,
  removeEndpoint,
  replay,
  rotateSecret,
  sendTest,
} from '@bulkhead/platform/webhooks/out';
import type { Attempt, Delivery, Endpoint, EndpointDependencies } from '@bulkhead/platform/webhooks/out';
import { implement } from '@orpc/server';
import { webhookEndpointContract } from '../contract/webhookEndpoint.ts';
import type { PlatformContext } from '../rpc/context.ts';
import type { WebhookSendingParts } from '../webhooks/out/parts.ts';

/** The endpoints of a tenant and what was sent to them. */
export function webhookEndpointHandlers(parts: WebhookSendingParts) {
  const permitted = implement(webhookEndpointContract).$context<PlatformContext>();
  const { catalogue } = parts;
  const at = ({ session, tenant }: PlatformContext): EndpointDependencies => ({
    ...parts,
    session,
    tenantId: tenant,
  });
  return {
    events: permitted.events.handler(() => ({
      events: catalogue.map(({ type, description }) => ({ type, description })),
    })),
    list: permitted.list.handler(async ({ context: { session } }) => ({
      endpoints: (await listEndpoints(session)).map(toEndpoint),
    })),
    create: permitted.create.handler(async ({ input, context }) => {
      const { endpointId, secret } = await createEndpoint(at(context), input);
      return { ...toEndpoint(await readEndpoint(context.session, endpointId)), secret };
    }),
    change: permitted.change.handler(async ({ input: { id, ...changes }, context }) => {
      await changeEndpoint(at(context), id, changes);
      return toEndpoint(await readEndpoint(context.session, id));
    }),
    remove: permitted.remove.handler(async ({ input, context }) => {
      await removeEndpoint(at(context), input.id);
      return {};
    }),
    rotateSecret: permitted.rotateSecret.handler(async ({ input, context }) => {
      const { secret } = await rotateSecret(at(context), input.id, input.overlapHours);
      return { secret, endpoint: toEndpoint(await readEndpoint(context.session, input.id)) };
    }),
    test: permitted.test.handler(async ({ input, context: { session } }) => ({
      deliveryId: await sendTest(session, input.id),
    })),
    ...deliveryHandlers(parts),
  };
}

/** What was sent, and sending it again. */
function deliveryHandlers({ clock }: WebhookSendingParts) {
  const permitted = implement(webhookEndpointContract).$context<PlatformContext>();
  return {
    deliveries: permitted.deliveries.handler(async ({ input: { state, ...query }, context: { session } }) => {
      const states = state === undefined ? undefined : [state];
      const { deliveries, next } = await listDeliveries(session, { ...query, states });
      return { deliveries: deliveries.map(toDelivery), next };
    }),
    attempts: permitted.attempts.handler(async ({ input, context: { session } }) => ({
      attempts: (await listAttempts(session, input.id)).map(toAttempt),
    })),
    replay: permitted.replay.handler(
      async ({ input: { id: endpointId, since, until, ...rest }, context: { session } }) => ({
        queued: await replay(
          { session, clock },
          { endpointId, ...rest, since: dateOf(since), until: dateOf(until) },
        ),
      }),
    ),
  };
}

function dateOf(value: string | undefined): Date | undefined {
  return value === undefined ? undefined : new Date(value);
}

function textOf(value: Date | null): string | null {
  return value?.toISOString() ?? null;
}

function toEndpoint(endpoint: Endpoint) {
  return {
    ...endpoint,
    createdAt: endpoint.createdAt.toISOString(),
    disabledAt: textOf(endpoint.disabledAt),
    lastSuccessAt: textOf(endpoint.lastSuccessAt),
    failingSince: textOf(endpoint.failingSince),
    secretCreatedAt: endpoint.secretCreatedAt.toISOString(),
    previousSecretEndsAt: textOf(endpoint.previousSecretEndsAt),
  };
}

function toDelivery(delivery: Delivery) {
  return {
    ...delivery,
    nextAttemptAt: textOf(delivery.nextAttemptAt),
    createdAt: delivery.createdAt.toISOString(),
    finishedAt: textOf(delivery.finishedAt),
  };
}

function toAttempt(attempt: Attempt) {
  return { ...attempt, begunAt: attempt.begunAt.toISOString() };
}
