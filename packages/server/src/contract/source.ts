import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, limit, line, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Incoming webhooks'];

const settings = z.strictObject({
  signatureHeader: line(64),
  encoding: z.enum(['hex', 'base64']),
  prefix: z.string().max(20).optional(),
  timestampHeader: line(64).optional(),
  signed: line(80),
  idField: line(64).optional(),
  typeField: line(64).optional(),
});

export const source = z.object({
  id: uuid,
  name: z.string(),
  scheme: z.enum(['stripe', 'standard', 'svix', 'generic']),
  /** How a generic source signs. */
  settings: settings.nullable(),
  enabled: z.boolean(),
  /** Where the sender posts to. */
  address: z.string(),
  createdAt: instant,
  /** The current one first; the others go on until `expiresAt`. */
  secrets: z.array(z.object({ id: uuid, createdAt: instant, expiresAt: instant.nullable() })),
});

export const receivedEvent = z.object({
  id: uuid,
  sourceId: uuid,
  sourceName: z.string(),
  /** The sender's id of it. */
  eventId: z.string(),
  eventType: z.string(),
  receivedAt: instant,
  state: z.enum(['waiting', 'processed', 'ignored', 'failed']),
  attempts: z.int(),
  /** Code of the last failure. */
  error: z.string().nullable(),
  finishedAt: instant.nullable(),
  replayable: z.boolean(),
});

/** As the sender shows it; left out, one is made. */
const secret = z.string().min(1).max(512).optional();
/** The secret that was made, shown once; null when it was given. */
const shownOnce = z.object({ secret: z.string().nullable() });

export const sourceContract = {
  list: procedure({ permission: 'webhooks:source.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/webhook-sources', summary: 'List who sends webhooks here', tags })
    .input(nothing)
    .output(z.object({ sources: z.array(source) })),

  create: procedure({ permission: 'webhooks:source.create', rate: 'write', scope: 'tenant', stepUp: true })
    .route({
      method: 'POST',
      path: '/webhook-sources',
      summary: 'Let somebody send webhooks here',
      tags,
      successStatus: 201,
    })
    .input(
      z.strictObject({
        name: line(100),
        scheme: source.shape.scheme,
        settings: settings.optional(),
        secret,
      }),
    )
    .output(source.extend(shownOnce.shape))
    .errors(platformErrorMap('input_invalid', 'source_limit')),

  change: procedure({ permission: 'webhooks:source.change', rate: 'write', scope: 'tenant' })
    .route({
      method: 'PATCH',
      path: '/webhook-sources/{id}',
      summary: 'Name a source, turn it on or off',
      tags,
    })
    .input(z.strictObject({ id: uuid, name: line(100), enabled: z.boolean() }))
    .output(done)
    .errors(platformErrorMap('source_missing', 'input_invalid')),

  rotate: procedure({ permission: 'webhooks:source.change', rate: 'write', scope: 'tenant', stepUp: true })
    .route({
      method: 'POST',
      path: '/webhook-sources/{id}/secrets',
      summary: 'Give a source another secret',
      tags,
    })
    .input(z.strictObject({ id: uuid, secret, overlapHours: z.int().min(0).max(720).default(24) }))
    .output(shownOnce)
    .errors(platformErrorMap('source_missing', 'source_limit', 'input_invalid')),

  endSecret: procedure({ permission: 'webhooks:source.change', rate: 'write', scope: 'tenant' })
    .route({
      method: 'DELETE',
      path: '/webhook-sources/{id}/secrets/{secretId}',
      summary: 'End a replaced secret, within five seconds',
      tags,
    })
    .input(z.strictObject({ id: uuid, secretId: uuid }))
    .output(done)
    .errors(platformErrorMap('source_missing')),

  remove: procedure({ permission: 'webhooks:source.remove', rate: 'write', scope: 'tenant' })
    .route({ method: 'DELETE', path: '/webhook-sources/{id}', summary: 'Remove a source', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('source_missing')),

  events: procedure({ permission: 'webhooks:source.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/webhook-sources/events', summary: 'List events that came', tags })
    .input(z.strictObject({ state: receivedEvent.shape.state.optional(), limit }))
    .output(z.object({ events: z.array(receivedEvent) })),

  replay: procedure({ permission: 'webhooks:source.replay', rate: 'write', scope: 'tenant' })
    .route({
      method: 'POST',
      path: '/webhook-sources/events/replay',
      summary: 'Process failed or ignored events anew',
      tags,
    })
    .input(z.strictObject({ events: z.union([z.array(uuid).min(1).max(500), z.literal('failed')]) }))
    .output(z.object({ replayed: z.int() })),
};
