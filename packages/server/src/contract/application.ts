import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, line, nothing } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Operators'];
const id = z.string().regex(/^[a-z0-9][a-z0-9-]{2,62}$/);
const address = z.string().min(1).max(500);
const addresses = z.array(address).max(20);
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/);

const registration = {
  id,
  name: line(200),
  /** Nobody signs in to any other: there is no consent page. */
  firstParty: z.boolean(),
  authentication: z.enum(['secret', 'private_key', 'none']),
  redirectUris: addresses,
  postLogoutRedirectUris: addresses,
  refresh: z.boolean(),
  /** Resources it may ask access tokens for. */
  mayCall: addresses,
  resourceScopes: z.array(scope).max(50),
};

const parameter = z.string().min(1).max(2000).optional();

/** A public key (RFC 7517, 7518, 8037); a private part is refused as any other unknown member. */
const publicKey = z.strictObject({
  kty: z.enum(['OKP', 'EC', 'RSA']),
  crv: parameter,
  x: parameter,
  y: parameter,
  n: parameter,
  e: parameter,
  kid: parameter,
  alg: parameter,
  use: z.literal('sig').optional(),
});

export const application = z.object({
  ...registration,
  backchannelLogoutUri: address.nullable(),
  /** As a back end: the audience of the tokens it accepts. */
  resource: address.nullable(),
  tokenFormat: z.enum(['jwt', 'opaque']).nullable(),
  createdAt: instant,
});

export const applicationContract = {
  list: procedure({ permission: 'signed-in', operator: true, rate: 'read' })
    .route({
      method: 'GET',
      path: '/applications',
      summary: 'Operators: applications and back ends of the identity provider',
      tags,
    })
    .input(nothing)
    .output(z.object({ applications: z.array(application) })),

  create: procedure({ permission: 'signed-in', operator: true, rate: 'write', stepUp: true })
    .route({
      method: 'POST',
      path: '/applications',
      summary: 'Operators: register an application; its secret is in this answer and nowhere else',
      tags,
      successStatus: 201,
    })
    .input(
      z.strictObject({
        ...registration,
        postLogoutRedirectUris: addresses.default([]),
        refresh: z.boolean().default(false),
        mayCall: addresses.default([]),
        resourceScopes: z.array(scope).max(50).default([]),
        publicKeys: z.strictObject({ keys: z.array(publicKey).min(1).max(10) }).optional(),
        backchannelLogoutUri: address.optional(),
        resource: address.optional(),
        tokenFormat: z.enum(['jwt', 'opaque']).optional(),
      }),
    )
    .output(z.object({ id, secret: z.string().nullable() }))
    .errors(platformErrorMap('client_exists', 'client_invalid')),

  rotateSecret: procedure({ permission: 'signed-in', operator: true, rate: 'write', stepUp: true })
    .route({
      method: 'POST',
      path: '/applications/{id}/secret',
      summary: 'Operators: give an application a new secret',
      tags,
    })
    .input(
      z.strictObject({
        id,
        /** Hours for which the one before still works. */
        overlap: z.int().min(0).max(720).default(24),
      }),
    )
    .output(z.object({ id, secret: z.string() }))
    .errors(platformErrorMap('client_missing')),

  remove: procedure({ permission: 'signed-in', operator: true, rate: 'write', stepUp: true })
    .route({
      method: 'DELETE',
      path: '/applications/{id}',
      summary: 'Operators: remove an application',
      tags,
    })
    .input(z.strictObject({ id }))
    .output(done)
    .errors(platformErrorMap('client_missing')),
};
