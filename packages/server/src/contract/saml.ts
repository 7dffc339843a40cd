import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { instant, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Single sign-on'];
const mebibyte = 1024 * 1024;

const certificate = z.object({
  /** SHA-256 of the DER, in hex. */
  fingerprint: z.string(),
  subject: z.string(),
  notBefore: instant,
  notAfter: instant,
  /** `ends_soon`: within thirty days. An expired one verifies nothing. */
  state: z.enum(['current', 'ends_soon', 'expired', 'not_yet_valid']),
});

export const samlSettings = z.object({
  /** What the identity provider is told about this service. */
  service: z.object({ entityId: z.string(), acsUrl: z.string(), metadataUrl: z.string() }),
  /** What this service knows of the identity provider; null until its metadata is here. */
  provider: z
    .object({
      entityId: z.string(),
      signOn: z.object({ url: z.string(), binding: z.enum(['redirect', 'post']) }),
      certificates: z.array(certificate),
      /** Where its metadata is fetched again every day; null: it was uploaded. */
      metadataUrl: z.string().nullable(),
      changedAt: instant,
      refreshedAt: instant.nullable(),
      /** Why fetching fails; what was known stays in force. */
      failure: z.object({ since: instant, message: z.string() }).nullable(),
    })
    .nullable(),
});

export const samlContract = {
  read: procedure({ permission: 'access:connection.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/connections/{id}/saml',
      summary: 'Read the SAML side of a connection',
      tags,
    })
    .input(z.strictObject({ id: uuid }))
    .output(samlSettings)
    .errors(platformErrorMap('connection_missing')),

  upload: procedure({
    permission: 'access:connection.change',
    rate: 'write',
    scope: 'tenant',
    stepUp: true,
    bodyLimit: mebibyte,
  })
    .route({
      method: 'PUT',
      path: '/connections/{id}/saml/metadata',
      summary: 'Upload the identity provider’s metadata',
      tags,
    })
    .input(
      z.strictObject({
        id: uuid,
        metadata: z
          .string()
          .min(1)
          .max(mebibyte / 2),
      }),
    )
    .output(samlSettings)
    .errors(platformErrorMap('connection_missing', 'metadata_refused')),

  /** Fetched at once, and every day from then on. */
  follow: procedure({ permission: 'access:connection.change', rate: 'heavy', scope: 'tenant', stepUp: true })
    .route({
      method: 'PUT',
      path: '/connections/{id}/saml/metadata-address',
      summary: 'Take the metadata from an address',
      tags,
    })
    .input(z.strictObject({ id: uuid, url: z.url({ protocol: /^https$/ }).max(2048) }))
    .output(samlSettings)
    .errors(platformErrorMap('connection_missing', 'metadata_refused', 'metadata_unreachable')),
};
