import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import { noteReuse, ProviderRecords } from '@bulkhead/platform/identity/provider';
import { deriveKey } from '@bulkhead/platform/vault';
import type { FieldCipher } from '@bulkhead/platform/vault';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { ProviderCookies } from './cookies.ts';
import type { SigningKeys } from './keys.ts';
import { createProvider } from './provider.ts';

export type ProviderHostOptions = {
  identity: IdentityDependencies;
  cipher: FieldCipher;
  /** Current master key first; a previous one still verifies cookies. At least 32 bytes each. */
  masterKeys: readonly Uint8Array[];
  signingKeys: SigningKeys;
  /** The origin people use; known once the server listens. */
  origin: () => string;
  /** What became of a request that the library could not serve. */
  onFault: (error: unknown) => void;
};

/** Milliseconds for which the signing keys are not asked for again: how late a rotation is noticed. */
const keyLife = 30_000;

/** Where the provider stands below the origin. */
export const providerPath = '/oidc';

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The provider as it is now: built when first needed, built anew when the signing keys have rotated. */
export class ProviderHost {
  readonly cookies: ProviderCookies;
  readonly records: ProviderRecords;
  readonly identity: IdentityDependencies;
  readonly #options: ProviderHostOptions;
  #built: { provider: Provider; answer: Answer; kids: string[] } | undefined;
  #freshUntil = 0;
  #building: Promise<Provider> | undefined;

  constructor(options: ProviderHostOptions) {
    const { identity, cipher } = options;
    this.#options = options;
    this.identity = identity;
    this.cookies = new ProviderCookies({ cipher, clock: Date.now });
    this.records = new ProviderRecords({ pool: identity.pool, cipher, clock: identity.clock });
  }

  get issuer(): string {
    return `${this.#options.origin()}${providerPath}`;
  }

  async current(): Promise<Provider> {
    if (this.#built !== undefined && this.identity.clock() < this.#freshUntil) return this.#built.provider;
    this.#building ??= this.#refresh().finally(() => (this.#building = undefined));
    return this.#building;
  }

  /** Has the library answer a request. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.current();
    await this.#built?.answer(request, response);
  }

  /** The library ends a grant at the token endpoint for one reason: something was used twice. */
  #noteReuse({ oidc }: KoaContextWithOIDC): void {
    if (oidc.route !== 'token') return;
    const who = { clientId: oidc.client?.clientId, accountId: oidc.account?.accountId };
    this.identity.background.run(() => noteReuse(this.identity, who));
  }

  /** Whether a key of this id is published. */
  async knowsKey(kid: string | undefined): Promise<boolean> {
    await this.current();
    return kid !== undefined && this.#built?.kids.includes(kid) === true;
  }

  async #refresh(): Promise<Provider> {
    const keys = await this.#options.signingKeys();
    const kids = [keys.current, ...keys.published].map(({ kid }) => kid);
    this.#freshUntil = this.identity.clock() + keyLife;
    if (this.#built?.kids.join() === kids.join()) return this.#built.provider;
    const provider = createProvider({
      identity: this.identity,
      records: this.records,
      issuer: this.issuer,
      keys,
      cookieKeys: this.#options.masterKeys.map((master) =>
        deriveKey(master, 'bulkhead provider cookie signature').toString('base64url'),
      ),
    });
    provider.on('grant.revoked', (context) => this.#noteReuse(context));
    provider.on('server_error', (_context, error) => this.#options.onFault(error));
    (provider as EventEmitter).on('error', (error) => this.#options.onFault(error));
    this.#built = { provider, answer: provider.callback(), kids };
    return provider;
  }
}
