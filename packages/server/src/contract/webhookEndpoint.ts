import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, line, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Webhooks sent'];

export const webhookEndpoint = z.object({
  id: uuid,
  url: z.string(),
  description: z.string(),
  /** null = every event. */
  eventTypes: z.array(z.string()).nullable(),
  createdAt: instant,
  /** null = it is on. */
  disabledAt: instant.nullable(),
  /** `person`: switched off; `failing`: it took nothing for three days; `gone`: it answered 410. */
  disabledReason: z.enum(['person', 'failing', 'gone']).nullable(),
  lastSuccessAt: instant.nullable(),
  /** First failure since it last took a message. */
  failingSince: instant.nullable(),
  /** Its last answer took more than two seconds. */
  slow: z.boolean(),
  /** Deliveries that wait. */
  pending: z.int(),
  /** Deliveries that were given up, or held while it was off. */
  dead: z.int(),
  secretCreatedAt: instant,
  /** During a rotation: until when the secret before signs, too. */
  previousSecretEndsAt: instant.nullable(),
});

export const deliveryState = z.enum(['pending', 'delivered', 'dead', 'held']);

export const webhookDelivery = z.object({
  id: uuid,
  endpointId: uuid,
  eventId: uuid,
  type: z.string(),
  bodyBytes: z.int(),
  state: deliveryState,
  /** Code of the last failure, as in `status_500` or `unreachable`. */
  error: z.string().nullable(),
  /** What the endpoint answered last. */
  status: z.int().nullable(),
  attempts: z.int(),
  replays: z.int(),
  nextAttemptAt: instant.nullable(),
  createdAt: instant,
  finishedAt: instant.nullable(),
});

const eventTypes = z.array(z.string().max(120)).min(1).max(200).nullable();
const readable = { permission: 'webhooks:endpoint.read', rate: 'read', scope: 'tenant' } as const;
const changing = { permission: 'webhooks:endpoint.change', rate: 'write', scope: 'tenant' } as const;

export const webhookEndpointContract = {
  events: procedure(readable)
    .route({
      method: 'GET',
      path: '/webhook-events',
      summary: 'List the events endpoints may listen to',
      tags,
    })
    .input(nothing)
    .output(z.object({ events: z.array(z.object({ type: z.string(), description: z.string() })) })),

  list: procedure(readable)
    .route({
      method: 'GET',
      path: '/webhook-endpoints',
      summary: 'List the endpoints events are sent to',
      tags,
    })
    .input(nothing)
    .output(z.object({ endpoints: z.array(webhookEndpoint) })),

  /** `secret` is shown once, here. */
  create: procedure({ permission: 'webhooks:endpoint.create', rate: 'write', scope: 'tenant', stepUp: true })
    .route({
      method: 'POST',
      path: '/webhook-endpoints',
      summary: 'Add an endpoint',
      tags,
      successStatus: 201,
    })
    .input(
      z.strictObject({
        url: z.string().min(1).max(2000),
        description: z.union([z.literal(''), line(200)]).default(''),
        eventTypes: eventTypes.default(null),
      }),
    )
    .output(webhookEndpoint.extend({ secret: z.string() }))
    .errors(
      platformErrorMap(
        'permission_refused',
        'endpoint_address_refused',
        'endpoint_limit',
        'quota_reached',
        'input_invalid',
      ),
    ),

  change: procedure(changing)
    .route({
      method: 'PATCH',
      path: '/webhook-endpoints/{id}',
      summary: 'Change an endpoint, or switch it on or off',
      tags,
    })
    .input(
      z.strictObject({
        id: uuid,
        description: z.union([z.literal(''), line(200)]).optional(),
        eventTypes: eventTypes.optional(),
        enabled: z.boolean().optional(),
      }),
    )
    .output(webhookEndpoint)
    .errors(platformErrorMap('permission_refused', 'endpoint_missing', 'input_invalid')),

  remove: procedure({ ...changing, permission: 'webhooks:endpoint.remove' })
    .route({
      method: 'DELETE',
      path: '/webhook-endpoints/{id}',
      summary: 'Remove an endpoint with its log',
      tags,
    })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('permission_refused', 'endpoint_missing')),

  /** `secret` is shown once, here. The one before signs beside it for the overlap. */
  rotateSecret: procedure({ ...changing, stepUp: true })
    .route({
      method: 'POST',
      path: '/webhook-endpoints/{id}/rotate-secret',
      summary: 'Give an endpoint another secret',
      tags,
    })
    .input(z.strictObject({ id: uuid, overlapHours: z.int().min(0).max(168).default(24) }))
    .output(z.object({ secret: z.string(), endpoint: webhookEndpoint }))
    .errors(platformErrorMap('permission_refused', 'endpoint_missing')),

  test: procedure(changing)
    .route({
      method: 'POST',
      path: '/webhook-endpoints/{id}/test',
      summary: 'Send an endpoint the event webhooks.test',
      tags,
    })
    .input(z.strictObject({ id: uuid }))
    .output(z.object({ deliveryId: uuid }))
    .errors(platformErrorMap('permission_refused', 'endpoint_missing', 'endpoint_disabled')),

  deliveries: procedure(readable)
    .route({ method: 'GET', path: '/webhook-deliveries', summary: 'List deliveries, the newest first', tags })
    .input(
      z.strictObject({
        endpointId: uuid.optional(),
        state: deliveryState.optional(),
        cursor: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    )
    .output(z.object({ deliveries: z.array(webhookDelivery), next: z.string().nullable() }))
    .errors(platformErrorMap('cursor_invalid')),

  attempts: procedure(readable)
    .route({
      method: 'GET',
      path: '/webhook-deliveries/{id}/attempts',
      summary: 'List the attempts of a delivery',
      tags,
    })
    .input(z.strictObject({ id: uuid }))
    .output(
      z.object({
        attempts: z.array(
          z.object({
            number: z.int(),
            begunAt: instant,
            durationMs: z.int(),
            status: z.int().nullable(),
            error: z.string().nullable(),
            /** The beginning of the answer; what looks like a secret or personal is masked. */
            answer: z.string().nullable(),
          }),
        ),
      }),
    ),

  /** One delivery by `deliveryId`, or those queued from `since` and before `until`; 10,000 at once. */
  replay: procedure({ ...changing, permission: 'webhooks:endpoint.replay' })
    .route({ method: 'POST', path: '/webhook-endpoints/{id}/replay', summary: 'Send deliveries again', tags })
    .input(
      z.strictObject({
        id: uuid,
        deliveryId: uuid.optional(),
        since: instant.optional(),
        until: instant.optional(),
        /** Default: what was given up or held; for one delivery, whatever it is. */
        states: z
          .array(z.enum(['delivered', 'dead', 'held']))
          .min(1)
          .max(3)
          .optional(),
      }),
    )
    .output(z.object({ queued: z.int() }))
    .errors(platformErrorMap('endpoint_missing', 'endpoint_disabled', 'delivery_missing')),
};
