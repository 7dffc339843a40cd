import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Allowed origins'];

/** A website whose pages may call the tenant's API from a browser, with an API key or bearer token and no cookie. */
export const allowedOrigin = z.object({
  id: uuid,
  /** `https://shop.example.com` */
  origin: z.string(),
  createdAt: instant,
});

export const allowedOriginContract = {
  list: procedure({ permission: 'access:origin.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/allowed-origins',
      summary: 'List the websites that may call this API',
      tags,
    })
    .input(nothing)
    .output(z.object({ origins: z.array(allowedOrigin) })),

  /** 20 at most. */
  add: procedure({ permission: 'access:origin.change', rate: 'write', scope: 'tenant', stepUp: true })
    .route({
      method: 'POST',
      path: '/allowed-origins',
      summary: 'Let pages of a website call this API',
      tags,
      successStatus: 201,
    })
    .input(z.strictObject({ origin: z.string().min(1).max(300) }))
    .output(allowedOrigin)
    .errors(platformErrorMap('input_invalid', 'origin_exists', 'origin_limit', 'permission_refused')),

  /** Calls are refused within five seconds. */
  remove: procedure({ permission: 'access:origin.change', rate: 'write', scope: 'tenant' })
    .route({ method: 'DELETE', path: '/allowed-origins/{id}', summary: 'Take a website’s leave back', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('origin_missing', 'permission_refused')),
};
