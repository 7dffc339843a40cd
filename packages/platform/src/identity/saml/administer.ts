import { PlatformError } from '../../errors.ts';
import type { TenantSession } from '../../tenantSession.ts';
import { readConnection } from '../singleSignOn/connection.ts';
import { SamlFailure } from './failure.ts';
import { readMetadata } from './metadata.ts';
import { listProviders, setProvider, type SamlProvider } from './provider.ts';
import type { FetchMetadata } from './refresh.ts';

/**
 * What is known of a connection's provider; null until its metadata is here.
 *
 * @throws PlatformError connection_missing, also for a connection of another protocol
 */
export async function readProvider(
  session: TenantSession,
  { connectionId, at }: Target,
): Promise<SamlProvider | null> {
  const { protocol } = await readConnection(session, connectionId);
  if (protocol !== 'saml') throw new PlatformError('connection_missing');
  return (await listProviders(session, at)).get(connectionId) ?? null;
}

type Target = { connectionId: string; at: number };

/**
 * Sets a connection's provider from a metadata document that an owner uploads.
 *
 * @throws PlatformError metadata_refused with what is wrong with it; permission_refused, connection_missing
 */
export async function uploadMetadata(
  session: TenantSession,
  { connectionId, at, document }: Target & { document: Uint8Array },
): Promise<void> {
  await setProvider(session, { connectionId, at, metadata: understood(document, at), metadataUrl: null });
}

/**
 * Sets it from an address, which is fetched again every day from then on.
 *
 * @throws PlatformError metadata_unreachable, metadata_refused, permission_refused, connection_missing
 */
export async function followMetadata(
  { session, fetchMetadata }: { session: TenantSession; fetchMetadata: FetchMetadata },
  { connectionId, at, url }: Target & { url: string },
): Promise<void> {
  const document = await fetchMetadata(url).catch((cause: unknown) => {
    const message =
      cause instanceof Error ? `The metadata could not be fetched: ${cause.message}` : undefined;
    throw new PlatformError('metadata_unreachable', { cause, field: 'url', ...(message && { message }) });
  });
  await setProvider(session, { connectionId, at, metadata: understood(document, at), metadataUrl: url });
}

function understood(document: Uint8Array, at: number) {
  try {
    return readMetadata(document, at);
  } catch (cause) {
    if (!(cause instanceof SamlFailure)) throw cause;
    const found = cause.detail === undefined ? '' : ` (${cause.detail})`;
    throw new PlatformError('metadata_refused', {
      cause,
      field: 'metadata',
      message: `${cause.message}${found}`,
    });
  }
}
