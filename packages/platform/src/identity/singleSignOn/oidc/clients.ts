import { createHash } from 'node:crypto';
import * as client from 'openid-client';
import type { Clock } from '../../../clock.ts';
import { PlatformError } from '../../../errors.ts';
import { guardedFetch, type OutboundOptions } from '../../../outbound/index.ts';

/** A client registered with an issuer. */
export type RelyingParty = { issuer: string; clientId: string; secret: string | null };

export type OidcClientsOptions = {
  clock: Clock;
  /** For every call to an issuer; redirects are refused and answers held to 256 KiB whatever it says. */
  outbound?: OutboundOptions;
  /** Seconds a token's times may lie beside ours. 0 to 60; default 30. */
  tolerance?: number;
};

const metadataLife = 10 * 60_000;
const mostKept = 200;

type Kept = { configuration: Promise<client.Configuration>; until: number };

/**
 * Issuers' metadata and keys, fetched through the guard and kept for ten minutes. Nothing an issuer says makes another address
 * ours: the metadata's issuer must be the one that was configured, to the letter (T-40).
 */
export class OidcClients {
  readonly #kept = new Map<string, Kept>();
  readonly #options: OidcClientsOptions;

  constructor(options: OidcClientsOptions) {
    this.#options = options;
  }

  /** @throws whatever discovery throws; nothing is kept then */
  async configuration(party: RelyingParty): Promise<client.Configuration> {
    const key = createHash('sha256')
      .update(JSON.stringify([party.issuer, party.clientId, party.secret]))
      .digest('base64');
    const now = this.#options.clock();
    const kept = this.#kept.get(key);
    if (kept !== undefined && now < kept.until) return kept.configuration;
    const configuration = this.#discover(party);
    this.#kept.delete(key);
    this.#kept.set(key, { configuration, until: now + metadataLife });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    configuration.catch(() => {
      if (this.#kept.get(key)?.configuration === configuration) this.#kept.delete(key);
    });
    return configuration;
  }

  async #discover({ issuer, clientId, secret }: RelyingParty): Promise<client.Configuration> {
    const found = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
      [client.customFetch]: this.#fetch,
    });
    const metadata = found.serverMetadata();
    assertMetadata(metadata, issuer);
    const configuration = new client.Configuration(
      metadata,
      clientId,
      {
        [client.clockTolerance]: this.#options.tolerance ?? 30,
        [client.clockSkew]: Math.round((this.#options.clock() - Date.now()) / 1000),
      },
      authentication(metadata, secret),
    );
    configuration[client.customFetch] = this.#fetch;
    // TLS alone vouches for a token endpoint's answer otherwise; the signature is checked as well.
    client.enableNonRepudiationChecks(configuration);
    return configuration;
  }

  readonly #fetch: client.CustomFetch = (url, { method, headers, body, signal }) =>
    guardedFetch(url, {
      ...this.#options.outbound,
      maxBytes: Math.min(256 * 1024, this.#options.outbound?.maxBytes ?? 256 * 1024),
      redirect: 'error',
      method,
      headers,
      ...(body === undefined || body === null ? {} : { body: bodyText(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
}

/** openid-client accepts another issuer where Microsoft's shared endpoints name one; here the words must match. */
function assertMetadata(metadata: client.ServerMetadata, issuer: string): void {
  const places = [metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri];
  const isSecure = places.every((place) => place !== undefined && URL.parse(place)?.protocol === 'https:');
  if (new URL(metadata.issuer).href !== new URL(issuer).href || !isSecure) {
    throw new PlatformError('provider_refused', { cause: new Error(`metadata of ${issuer} does not fit`) });
  }
}

function authentication(metadata: client.ServerMetadata, secret: string | null): client.ClientAuth {
  if (secret === null) return client.None();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic')
    ? client.ClientSecretBasic(secret)
    : client.ClientSecretPost(secret);
}

function bodyText(body: Exclude<client.CustomFetchOptions['body'], undefined | null>): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('an OpenID Connect call sends a form');
}
