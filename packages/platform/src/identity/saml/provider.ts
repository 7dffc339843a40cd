import type { TenantSession } from '../../tenantSession.ts';
import { translating } from '../../errors.ts';
import { readCertificate, stateOf, type Certificate, type CertificateState } from './certificate.ts';
import type { IdentityProviderMetadata } from './metadata.ts';

/** What is stored of a connection's identity provider. */
export type ProviderRow = {
  connection_id: string;
  entity_id: string;
  sign_on_url: string;
  sign_on_binding: 'redirect' | 'post';
  certificates: string[];
  metadata_url: string | null;
  changed_at: Date;
  refreshed_at: Date | null;
  failing_since: Date | null;
  failure: string | null;
};

/** What an administrator sees of it. */
export type SamlProvider = {
  entityId: string;
  signOn: { url: string; binding: 'redirect' | 'post' };
  certificates: (Omit<Certificate, 'pem'> & { state: CertificateState })[];
  metadataUrl: string | null;
  changedAt: Date;
  refreshedAt: Date | null;
  /** Why fetching the metadata fails, and since when; what was known stays in force. */
  failure: { since: Date; message: string } | null;
};

/**
 * Providers of the tenant's SAML connections, by connection. One that is missing has none yet.
 *
 * @param at milliseconds since the epoch, for the certificates' states
 */
export async function listProviders(session: TenantSession, at: number): Promise<Map<string, SamlProvider>> {
  const { rows } = await session.query<ProviderRow>('select * from identity.saml_providers()');
  return new Map(rows.map((row) => [row.connection_id, describe(row, at)]));
}

/**
 * Sets a connection's provider from its metadata. Owners alone.
 *
 * @param options.metadataUrl where it was fetched and is fetched again; null: it was uploaded
 * @throws PlatformError permission_refused, connection_missing
 */
export async function setProvider(
  session: TenantSession,
  options: {
    connectionId: string;
    metadata: IdentityProviderMetadata;
    metadataUrl: string | null;
    at: number;
  },
): Promise<void> {
  const { connectionId, metadata, metadataUrl, at } = options;
  await translating(
    { connection_missing: 'connection_missing', membership_authority: 'permission_refused' },
    () =>
      session.query('select identity.set_saml_provider($1, $2, $3, $4)', [
        connectionId,
        JSON.stringify(storedForm(metadata, metadataUrl)),
        JSON.stringify(summaryOf(metadata)),
        new Date(at),
      ]),
  );
}

/** As `identity.write_saml_provider` takes it. */
export function storedForm(
  { entityId, signOn, certificates }: IdentityProviderMetadata,
  metadataUrl: string | null,
) {
  return {
    entityId,
    signOnUrl: signOn.url,
    signOnBinding: signOn.binding,
    certificates: certificates.map(({ pem }) => pem),
    metadataUrl,
  };
}

/** For the audit entry. */
export function summaryOf({ entityId, signOn, certificates }: IdentityProviderMetadata) {
  return {
    entityId,
    signOnUrl: signOn.url,
    certificates: certificates.map(({ fingerprint, notAfter }) => ({ fingerprint, notAfter })),
  };
}

function describe(row: ProviderRow, at: number): SamlProvider {
  return {
    entityId: row.entity_id,
    signOn: { url: row.sign_on_url, binding: row.sign_on_binding },
    certificates: row.certificates.map((pem) => {
      const { fingerprint, subject, notBefore, notAfter } = readCertificate(pem);
      return { fingerprint, subject, notBefore, notAfter, state: stateOf({ notBefore, notAfter }, at) };
    }),
    metadataUrl: row.metadata_url,
    changedAt: row.changed_at,
    refreshedAt: row.refreshed_at,
    failure: row.failing_since === null ? null : { since: row.failing_since, message: row.failure ?? '' },
  };
}
