import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, line, nothing, uuid } from './fields.ts';
import { companyLimit } from './member.ts';
import { procedure } from './procedure.ts';

const tags = ['API keys'];

export const apiKey = z.object({
  id: uuid,
  name: z.string(),
  /** `api_key`: never more than its maker may do, and nothing once the maker has left. `service`: on its own. */
  kind: z.enum(['api_key', 'service']),
  /** The key's first characters. */
  hint: z.string(),
  permissions: z.array(z.string()),
  /** Companies it is limited to; null = all. */
  companies: z.array(uuid).nullable(),
  createdBy: uuid,
  createdAt: instant,
  expiresAt: instant,
  /** To the minute; null = never. */
  lastUsedAt: instant.nullable(),
  lastUsedIp: z.string().nullable(),
});

export const apiKeyContract = {
  list: procedure({ permission: 'access:api-key.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/api-keys', summary: 'List the API keys', tags })
    .input(nothing)
    .output(z.object({ apiKeys: z.array(apiKey) })),

  /** `token` is shown once, here, and stored nowhere. */
  create: procedure({ permission: 'access:api-key.create', rate: 'write', scope: 'tenant', stepUp: true })
    .route({ method: 'POST', path: '/api-keys', summary: 'Make an API key', tags, successStatus: 201 })
    .input(
      z.strictObject({
        name: line(100),
        kind: z.enum(['api_key', 'service']).default('api_key'),
        permissions: z.array(z.string().max(200)).min(1).max(200),
        companies: companyLimit.default(null),
        days: z.int().min(1).max(366).default(90),
      }),
    )
    .output(apiKey.extend({ token: z.string() }))
    .errors(platformErrorMap('permission_refused', 'company_missing', 'quota_reached', 'input_invalid')),

  revoke: procedure({ permission: 'access:api-key.revoke', rate: 'write', scope: 'tenant' })
    .route({ method: 'DELETE', path: '/api-keys/{id}', summary: 'End an API key for good', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('api_key_missing')),
};
