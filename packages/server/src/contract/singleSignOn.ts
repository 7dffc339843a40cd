import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, line, nothing, uuid } from './fields.ts';
import { companyLimit, moduleRoles } from './member.ts';
import { procedure } from './procedure.ts';

const tags = ['Single sign-on'];

const roleMapping = z.strictObject({
  /** A value of the role claim, exactly. */
  value: line(200),
  role: z.enum(['admin', 'member']),
  moduleRoles,
  companyIds: companyLimit,
});

const oidcSettings = z.strictObject({
  /** Without user, query or fragment (OpenID Connect Discovery 1.0 section 3). */
  issuer: z
    .url({ protocol: /^https$/ })
    .regex(/^https:\/\/[^/?#@]+(?:\/[^?#]*)?$/i)
    .max(500),
  clientId: line(500),
  /** Scope tokens of RFC 6749 section 3.3. */
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/))
    .max(20)
    .default(['email', 'profile']),
  emailVerification: z.enum(['claim', 'domain']).default('claim'),
  trustsMultiFactor: z.boolean().default(false),
});

/** SAML's own settings; what its metadata says is read and written apart. */
const samlSettings = z.strictObject({
  emailAttribute: line(200).nullable().default(null),
  nameAttribute: line(200).nullable().default(null),
  trustsMultiFactor: z.boolean().default(false),
});

export const connection = z.object({
  id: uuid,
  protocol: z.enum(['oidc', 'saml']),
  name: z.string(),
  enabled: z.boolean(),
  config: z.record(z.string(), z.unknown()),
  justInTime: z.boolean(),
  roleClaim: z.string().nullable(),
  roleMapping: z.array(roleMapping),
  unmapped: z.enum(['member', 'refuse']),
  syncRoles: z.boolean(),
  createdAt: instant,
  /** What the identity provider is told: where it sends people back (OpenID Connect). */
  redirectUrl: z.string().nullable(),
});

const secret = z.string().min(1).max(1000);
const refusals = platformErrorMap(
  'connection_missing',
  'connection_invalid',
  'role_invalid',
  'company_missing',
);

export const connectionContract = {
  list: procedure({ permission: 'access:connection.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/connections', summary: 'List the connections for single sign-on', tags })
    .input(nothing)
    .output(z.object({ connections: z.array(connection) })),

  /** Switched off until it is changed to be on. The secret is never shown again. */
  create: procedure({ permission: 'access:connection.change', rate: 'write', scope: 'tenant', stepUp: true })
    .route({ method: 'POST', path: '/connections', summary: 'Add a connection', tags, successStatus: 201 })
    .input(
      z.discriminatedUnion('protocol', [
        z.strictObject({
          protocol: z.literal('oidc'),
          name: line(100),
          oidc: oidcSettings,
          clientSecret: secret.optional(),
        }),
        z.strictObject({ protocol: z.literal('saml'), name: line(100), saml: samlSettings.optional() }),
      ]),
    )
    .output(connection)
    .errors({ ...refusals, ...platformErrorMap('connection_limit', 'policy_without_way_in') }),

  /** What is left out stays as it is. */
  change: procedure({ permission: 'access:connection.change', rate: 'write', scope: 'tenant', stepUp: true })
    .route({ method: 'PATCH', path: '/connections/{id}', summary: 'Change a connection', tags })
    .input(
      z.strictObject({
        id: uuid,
        name: line(100).optional(),
        enabled: z.boolean().optional(),
        oidc: oidcSettings.optional(),
        saml: samlSettings.optional(),
        clientSecret: secret.optional(),
        justInTime: z.boolean().optional(),
        roleClaim: line(200).nullable().optional(),
        roleMapping: z.array(roleMapping).max(100).optional(),
        unmapped: z.enum(['member', 'refuse']).optional(),
        syncRoles: z.boolean().optional(),
      }),
    )
    .output(connection)
    .errors({ ...refusals, ...platformErrorMap('policy_without_way_in') }),

  remove: procedure({ permission: 'access:connection.remove', rate: 'write', scope: 'tenant', stepUp: true })
    .route({ method: 'DELETE', path: '/connections/{id}', summary: 'Remove a connection', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('connection_missing', 'policy_without_way_in')),
};

const domain = z.object({
  id: uuid,
  name: z.string(),
  /** The TXT record that proves it. */
  record: z.object({ name: z.string(), value: z.string() }),
  createdAt: instant,
  verifiedAt: instant.nullable(),
  checkedAt: instant.nullable(),
  failingSince: instant.nullable(),
});

export const domainContract = {
  list: procedure({ permission: 'access:domain.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/domains', summary: 'List the tenant’s domains', tags })
    .input(nothing)
    .output(z.object({ domains: z.array(domain) })),

  add: procedure({ permission: 'access:domain.change', rate: 'write', scope: 'tenant', stepUp: true })
    .route({ method: 'POST', path: '/domains', summary: 'Name a domain', tags, successStatus: 201 })
    .input(z.strictObject({ name: line(253) }))
    .output(domain)
    .errors(platformErrorMap('domain_invalid', 'domain_exists', 'domain_limit')),

  verify: procedure({ permission: 'access:domain.change', rate: 'heavy', scope: 'tenant', stepUp: true })
    .route({ method: 'POST', path: '/domains/{id}/verify', summary: 'Look a domain’s record up', tags })
    .input(z.strictObject({ id: uuid }))
    .output(domain)
    .errors(platformErrorMap('domain_missing', 'domain_unproven', 'domain_taken')),

  remove: procedure({ permission: 'access:domain.change', rate: 'write', scope: 'tenant', stepUp: true })
    .route({ method: 'DELETE', path: '/domains/{id}', summary: 'Give a domain up', tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('domain_missing', 'policy_without_way_in')),
};

const signInPolicy = z.strictObject({
  singleSignOnRequired: z.boolean(),
  breakGlassAccountIds: z.array(uuid).max(5),
});

export const signInPolicyContract = {
  read: procedure({ permission: 'access:connection.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/sign-in-policy', summary: 'How members must sign in', tags })
    .input(nothing)
    .output(signInPolicy),

  set: procedure({ permission: 'access:connection.change', rate: 'write', scope: 'tenant', stepUp: true })
    .route({ method: 'PUT', path: '/sign-in-policy', summary: 'Require single sign-on, or stop', tags })
    .input(signInPolicy)
    .output(signInPolicy)
    .errors(platformErrorMap('policy_without_way_in', 'break_glass_unfit')),
};

export const identityProviderContract = {
  list: procedure({ permission: 'public', rate: 'read' })
    .route({ method: 'GET', path: '/identity-providers', summary: 'Whom anybody can sign in with', tags })
    .input(nothing)
    .output(z.object({ providers: z.array(z.object({ label: z.string(), startPath: z.string() })) })),

  /** Looks at the domain alone: the answer is the same for every address in it. */
  find: procedure({ permission: 'public', rate: 'sign-in' })
    .route({ method: 'POST', path: '/identity-providers/find', summary: 'Where an address signs in', tags })
    .input(z.strictObject({ email: z.string().min(1).max(254) }))
    .output(z.object({ startPath: z.string().nullable() })),

  links: procedure({ permission: 'signed-in', rate: 'read' })
    .route({
      method: 'GET',
      path: '/identity-providers/links',
      summary: 'Providers linked to your account',
      tags,
    })
    .input(nothing)
    .output(
      z.object({
        links: z.array(
          z.object({
            id: uuid,
            issuer: z.string(),
            email: z.string(),
            managed: z.boolean(),
            createdAt: instant,
            lastUsedAt: instant.nullable(),
          }),
        ),
        offered: z.array(z.object({ name: z.string(), label: z.string() })),
      }),
    ),

  link: procedure({ permission: 'signed-in', rate: 'sign-in', stepUp: true })
    .route({ method: 'POST', path: '/identity-providers/links', summary: 'Begin to link a provider', tags })
    .input(z.strictObject({ name: line(40), returnPath: line(500).default('/') }))
    .output(z.object({ url: z.string() }))
    .errors(platformErrorMap('provider_missing', 'provider_refused', 'provider_unreachable')),

  unlink: procedure({ permission: 'signed-in', rate: 'write', stepUp: true })
    .route({
      method: 'DELETE',
      path: '/identity-providers/links/{id}',
      summary: 'Remove a linked provider',
      tags,
    })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('provider_link_missing')),
};
