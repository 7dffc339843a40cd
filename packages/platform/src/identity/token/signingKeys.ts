import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { ClientBase, Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import { inTransaction } from '../../transaction.ts';
import type { FieldCipher } from '../../vault/index.ts';
import { recordEvent } from '../event.ts';
import type { Sealer } from '../../sealer.ts';

/** The one algorithm of access tokens: EdDSA with Ed25519 (RFC 8037). docs/design/tokens.md says why. */
export const tokenAlgorithm = 'EdDSA';

export type SigningKeyState = 'next' | 'current' | 'retired';

/** A published key. */
export type PublishedKey = {
  /** RFC 7638 thumbprint. */
  kid: string;
  state: SigningKeyState;
  /** Public JWK with kid, alg and use. */
  jwk: JWK;
  verify: CryptoKey;
  createdAt: Date;
  currentSince: Date | null;
  /** Retired: from then on it verifies nothing. */
  publishedUntil: Date | null;
};

export type KeySet = {
  /** Private JWK of the current key, for those who sign with a library of their own. */
  current: { kid: string; sign: CryptoKey; privateJwk: JWK };
  byId: ReadonlyMap<string, PublishedKey>;
};

export type SigningKeysOptions = {
  /** Connected as bulkhead_identity. */
  pool: Pool;
  cipher: FieldCipher;
  sealer: Sealer;
  clock: Clock;
  /** Milliseconds a key signs before its successor takes over. Default 30 days. */
  rotateEvery?: number;
  /** Milliseconds a key is published at least before it signs, so that whoever keeps the key set knows it. Default 1 hour. */
  publishAhead?: number;
  /** Milliseconds a retired key stays published: more than a token lives. Default 2 hours. */
  overlap?: number;
};

/** A rotation that would take effect before the key sets others keep know the next key. */
export class KeyTooFreshError extends Error {
  override readonly name = 'KeyTooFreshError';
  readonly code = 'key_too_fresh';
}

const hour = 3_600_000;
/** How long another server's rotation may go unnoticed here. It must stay below `overlap`. */
const cacheLifetime = 30_000;
/** How often an unknown key id may cause a look-up. */
const lookAgainAfter = 2000;

type KeyRow = {
  id: string;
  public_key: JWK;
  private_encrypted: Buffer | null;
  state: SigningKeyState;
  created_at: Date;
  current_since: Date | null;
  published_until: Date | null;
};

/**
 * The installation's signing keys, shared by its servers through the database. Made when first asked for; the private
 * parts are encrypted there and destroyed as a key retires.
 */
export class SigningKeys {
  readonly #options: Required<SigningKeysOptions>;
  #loaded: { keys: Promise<KeySet>; at: number } | undefined;

  constructor(options: SigningKeysOptions) {
    this.#options = { rotateEvery: 30 * 24 * hour, publishAhead: hour, overlap: 2 * hour, ...options };
  }

  /** What signs and verifies now, at most half a minute old. */
  async read(): Promise<KeySet> {
    return this.#reading(cacheLifetime);
  }

  /** A key by its id; undefined when nobody published it, or not any more. A new id is looked for at most every 2 s. */
  async find(kid: string): Promise<PublishedKey | undefined> {
    const known = (await this.read()).byId.get(kid);
    return this.#live(known ?? (await this.#reading(lookAgainAfter)).byId.get(kid));
  }

  /** The key set as published (RFC 7517): public parts of the next, the current and the retired keys. */
  async publish(): Promise<{ keys: JWK[] }> {
    const { byId } = await this.read();
    return { keys: [...byId.values()].filter((key) => this.#live(key) !== undefined).map(({ jwk }) => jwk) };
  }

  /**
   * Lets the next key sign and makes another next one. The retired key's private part is destroyed.
   *
   * @param options.compromised the retired key verifies nothing from now on: every token it signed is void
   * @param options.now although the next key was published only a moment ago
   * @throws KeyTooFreshError
   */
  async rotate({ compromised = false, now = false }: { compromised?: boolean; now?: boolean } = {}): Promise<{
    current: string;
    retired: string;
  }> {
    const rotated = await this.#exclusively(async (client) => {
      await this.#ensure(client);
      return this.#advance(client, { compromised, now });
    });
    this.#loaded = undefined;
    return rotated;
  }

  /** Rotates when the current key has signed long enough; what a duty calls. True when it did. */
  async rotateWhenDue(): Promise<boolean> {
    const { clock, rotateEvery } = this.#options;
    const due = await this.#exclusively(async (client) => {
      await this.#ensure(client);
      const { rows } = await client.query<{ due: boolean }>(
        `select current_since <= $1 as due from identity.signing_key where state = 'current'`,
        [new Date(clock() - rotateEvery)],
      );
      if (rows[0]?.due !== true) return false;
      await this.#advance(client, { compromised: false, now: false });
      return true;
    });
    if (due) this.#loaded = undefined;
    return due;
  }

  async #reading(maximumAge: number): Promise<KeySet> {
    const { clock } = this.#options;
    const loaded = this.#loaded;
    if (loaded !== undefined && clock() - loaded.at < maximumAge) return loaded.keys;
    const loading = { keys: this.#load(), at: clock() };
    this.#loaded = loading;
    try {
      return await loading.keys;
    } catch (error) {
      if (this.#loaded === loading) this.#loaded = undefined;
      throw error;
    }
  }

  #live(key: PublishedKey | undefined): PublishedKey | undefined {
    if (key === undefined || key.publishedUntil === null) return key;
    return this.#options.clock() < key.publishedUntil.getTime() ? key : undefined;
  }

  async #load(): Promise<KeySet> {
    let rows = await this.#select(this.#options.pool);
    if (!rows.some(({ state }) => state === 'current')) {
      await this.#exclusively((client) => this.#ensure(client));
      rows = await this.#select(this.#options.pool);
    }
    const published = await Promise.all(rows.map(toPublished));
    const row = rows.find(({ state }) => state === 'current');
    if (row === undefined || row.private_encrypted === null) throw new Error('no signing key is current');
    const privateJwk = this.#open(row.id, row.private_encrypted);
    const sign = await importKey(privateJwk);
    return {
      current: { kid: row.id, sign, privateJwk },
      byId: new Map(published.map((key) => [key.kid, key])),
    };
  }

  async #select(database: Pool | ClientBase): Promise<KeyRow[]> {
    const { rows } = await database.query<KeyRow>(
      `select id, public_key, private_encrypted, state, created_at, current_since, published_until
       from identity.signing_key
       where state <> 'retired' or published_until > $1
       order by created_at`,
      [new Date(this.#options.clock())],
    );
    return rows;
  }

  // One server at a time makes or rotates keys; the others wait and find it done.
  async #exclusively<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    return inTransaction(this.#options.pool, async (client) => {
      await client.query(`select pg_advisory_xact_lock(hashtextextended('identity.signing_key', 0))`);
      return work(client);
    });
  }

  async #ensure(client: ClientBase): Promise<void> {
    const { rows } = await client.query<{ state: SigningKeyState }>(
      `select state from identity.signing_key where state <> 'retired'`,
    );
    const states = new Set(rows.map(({ state }) => state));
    if (!states.has('current')) await this.#insert(client, 'current');
    if (!states.has('next')) await this.#insert(client, 'next');
  }

  async #advance(
    client: ClientBase,
    { compromised, now }: { compromised: boolean; now: boolean },
  ): Promise<{ current: string; retired: string }> {
    const { clock, publishAhead, overlap } = this.#options;
    const at = clock();
    const next = await idOf(client, `select id, created_at from identity.signing_key where state = 'next'`);
    if (!now && at - next.createdAt.getTime() < publishAhead) {
      throw new KeyTooFreshError('The next key was published only a moment ago; others may not know it yet.');
    }
    const retired = await idOf(
      client,
      `update identity.signing_key
       set state = 'retired', retired_at = greatest($1, current_since), private_encrypted = null,
         published_until = greatest($1, current_since) + $2 * interval '1 millisecond'
       where state = 'current' returning id, created_at`,
      [new Date(at), compromised ? 0 : overlap],
    );
    await client.query(
      `update identity.signing_key set state = 'current', current_since = $1 where state = 'next'`,
      [new Date(at)],
    );
    await this.#insert(client, 'next');
    await recordEvent(this.#options, client, {
      action: 'signing_key.rotate',
      targetType: 'identity.signing_key',
      detail: { current: next.id, retired: retired.id, compromised },
    });
    return { current: next.id, retired: retired.id };
  }

  async #insert(client: ClientBase, state: 'current' | 'next'): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(tokenAlgorithm, {
      crv: 'Ed25519',
      extractable: true,
    });
    const [publicJwk, privateJwk] = await Promise.all([exportJWK(publicKey), exportJWK(privateKey)]);
    const id = await calculateJwkThumbprint(publicJwk, 'sha256');
    const sealed = this.#options.cipher.encrypt(Buffer.from(JSON.stringify(privateJwk)), binding(id));
    const at = new Date(this.#options.clock());
    await client.query(
      `insert into identity.signing_key (id, algorithm, public_key, private_encrypted, state, created_at, current_since)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [id, tokenAlgorithm, publicJwk, sealed, state, at, state === 'current' ? at : null],
    );
  }

  #open(id: string, sealed: Buffer): JWK {
    return JSON.parse(this.#options.cipher.decrypt(sealed, binding(id)).toString()) as JWK;
  }
}

/** Every key that is published, the oldest first, for an operator to look at. */
export async function listSigningKeys(keys: SigningKeys): Promise<PublishedKey[]> {
  return [...(await keys.read()).byId.values()];
}

const binding = (id: string): string[] => ['identity.signing_key', id, 'private'];

async function idOf(
  client: ClientBase,
  text: string,
  values: unknown[] = [],
): Promise<{ id: string; createdAt: Date }> {
  const { rows } = await client.query<{ id: string; created_at: Date }>(text, values);
  const row = rows[0];
  if (row === undefined) throw new Error('a signing key is missing');
  return { id: row.id, createdAt: row.created_at };
}

async function toPublished(row: KeyRow): Promise<PublishedKey> {
  const { id: kid, public_key: publicJwk, state } = row;
  return {
    kid,
    state,
    jwk: { ...publicJwk, kid, alg: tokenAlgorithm, use: 'sig' },
    verify: await importKey(publicJwk),
    createdAt: row.created_at,
    currentSince: row.current_since,
    publishedUntil: row.published_until,
  };
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, tokenAlgorithm);
  if (key instanceof Uint8Array) throw new TypeError('a signing key is a key pair');
  return key;
}
