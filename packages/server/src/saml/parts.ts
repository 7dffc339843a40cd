import type { SamlHandlerParts } from '../handlers/saml.ts';
import type { Parts } from '../parts.ts';
import { metadataFetcher } from './fetchMetadata.ts';

/** What SAML's procedures and its duty work with. */
export function samlParts({ clock, token }: Pick<Parts, 'clock' | 'token'>): SamlHandlerParts {
  return { clock, origin: token.issuer, fetchMetadata: metadataFetcher() };
}
