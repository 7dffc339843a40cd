import type { FetchMetadata } from '@bulkhead/platform/identity/saml';
import { largestMetadata } from '@bulkhead/platform/identity/saml';
import { guardedFetch, type OutboundOptions } from '@bulkhead/platform/outbound';

/** Fetches metadata through the outbound guard: https, public addresses, no more bytes than metadata has. */
export function metadataFetcher(options: OutboundOptions = {}): FetchMetadata {
  return async (url) => {
    const answer = await guardedFetch(url, {
      ...options,
      maxBytes: largestMetadata,
      headers: { accept: 'application/samlmetadata+xml, application/xml, text/xml' },
    });
    if (answer.status !== 200) throw new Error(`the address answered with status ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  };
}
