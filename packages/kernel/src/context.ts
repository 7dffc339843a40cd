/**
 * The sealed context: which tenant, which company and which actor a statement runs for, in a token that
 * only a holder of the key can make. CONTEXT.md specifies the format and gives test vectors.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What kind of party acts. `agent` is an AI acting for an account, named by `onBehalfOf`. */
export type ActorKind = 'account' | 'api_key' | 'service' | 'job' | 'operator' | 'agent';

const actorKinds: ReadonlySet<string> = new Set<ActorKind>([
  'account',
  'api_key',
  'service',
  'job',
  'operator',
  'agent',
]);

/** Who acts. `id` and `onBehalfOf` are UUIDs; `onBehalfOf` is an account's. */
export type Actor = { kind: ActorKind; id: string; onBehalfOf?: string | undefined };

/** What a statement may see. Without `company` it covers all companies of the tenant. Ids are UUIDs. */
export type Context = { tenant: string; company?: string | undefined; actor: Actor };

/** Where a statement came from. It travels beside the context, unsealed, into the audit entry. */
export type RequestInfo = {
  id?: string | undefined;
  ip?: string | undefined;
  userAgent?: string | undefined;
};

/** A sealing key. `id` is 8 lower-case hex digits, `secret` exactly 32 bytes. */
export type ContextKey = { id: string; secret: Uint8Array };

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** A context that cannot be sealed, or a token that does not open. `code` is stable. */
export class ContextError extends Error {
  override readonly name = 'ContextError';
  readonly code:
    | 'context_invalid'
    | 'context_malformed'
    | 'context_unknown_key'
    | 'context_forged'
    | 'context_expired';

  constructor(code: ContextError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const keyId = /^[0-9a-f]{8}$/;
const macDigits = 64;

/** Longest life a token may have, in seconds. The database refuses a longer one. */
export const longestContextLife = 900;

/**
 * Mints context tokens with one key, and hands out the same token again for the first half of its life,
 * because sealing costs more than looking one up.
 */
export class ContextSealer {
  readonly keyId: string;
  readonly #secret: Uint8Array;
  readonly #clock: Clock;
  readonly #lifetimeSeconds: number;
  readonly #cacheSize: number;
  readonly #cache = new Map<string, { token: string; reuseUntil: number }>();

  /**
   * @param options.key the sealing key; the secret is copied
   * @param options.clock default `Date.now`
   * @param options.lifetimeSeconds 1 to 900, default 60
   * @param options.cacheSize tokens kept, default 10,000; 0 mints anew each time
   * @throws {ContextError} `context_invalid` when the key or the lifetime is out of range
   */
  constructor(options: {
    key: ContextKey;
    clock?: Clock | undefined;
    lifetimeSeconds?: number | undefined;
    cacheSize?: number | undefined;
  }) {
    const { key, clock = Date.now, lifetimeSeconds = 60, cacheSize = 10_000 } = options;
    checkKey(key);
    if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > longestContextLife) {
      throw new ContextError('context_invalid', `a context lives 1 to ${longestContextLife} whole seconds`);
    }
    this.keyId = key.id;
    this.#secret = Uint8Array.from(key.secret);
    this.#clock = clock;
    this.#lifetimeSeconds = lifetimeSeconds;
    this.#cacheSize = cacheSize;
  }

  /**
   * The token for this context, valid for at least half the lifetime.
   * @throws {ContextError} `context_invalid` when an id is not a lower-case UUID or the actor's kind is unknown
   */
  seal(context: Context): string {
    const { actor } = context;
    const scope = `${context.tenant}.${context.company ?? '*'}.${actor.kind}.${actor.id}.${actor.onBehalfOf ?? '-'}`;
    const now = this.#clock();
    const cached = this.#cache.get(scope);
    if (cached && cached.reuseUntil > now) return cached.token;
    checkContext(context);
    const expiry = Math.floor(now / 1000) + this.#lifetimeSeconds;
    const payload = `bh1.${this.keyId}.${expiry}.${scope}`;
    const token = `${payload}.${mac(this.#secret, payload)}`;
    this.#remember(scope, { token, reuseUntil: now + this.#lifetimeSeconds * 500 });
    return token;
  }

  #remember(scope: string, entry: { token: string; reuseUntil: number }): void {
    if (this.#cacheSize === 0) return;
    this.#cache.delete(scope);
    if (this.#cache.size >= this.#cacheSize) {
      const oldest = this.#cache.keys().next();
      if (!oldest.done) this.#cache.delete(oldest.value);
    }
    this.#cache.set(scope, entry);
  }
}

/**
 * Checks a token as the database does, and reads it.
 * @throws {ContextError} `context_malformed`, `context_unknown_key`, `context_forged` or `context_expired`
 */
export function openContext(
  token: string,
  options: { keys: readonly ContextKey[]; clock?: Clock | undefined },
): Context & { keyId: string; expiresAt: Date } {
  const fields = token.split('.');
  const [version, id, expiry, tenant, company, kind, actor, onBehalfOf, given] = fields;
  if (
    fields.length !== 9 ||
    version !== 'bh1' ||
    !id ||
    !tenant ||
    !company ||
    !kind ||
    !actor ||
    !onBehalfOf
  ) {
    throw new ContextError('context_malformed', 'this is not a context token of version bh1');
  }
  const key = options.keys.find((candidate) => candidate.id === id);
  if (!key) throw new ContextError('context_unknown_key', `no key ${id} is at hand to check the seal`);
  checkKey(key);
  const expected = Buffer.from(mac(key.secret, token.slice(0, -macDigits - 1)));
  const presented = Buffer.from(given ?? '');
  if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) {
    throw new ContextError('context_forged', 'the seal does not match the token');
  }
  const expiresAt = new Date(Number(expiry) * 1000);
  const life = expiresAt.getTime() - (options.clock ?? Date.now)();
  if (!(life > 0) || life > longestContextLife * 1000) {
    throw new ContextError('context_expired', 'the context has expired, or outlives what the format allows');
  }
  const context: Context = {
    tenant,
    actor: { kind: kind as ActorKind, id: actor, ...(onBehalfOf === '-' ? {} : { onBehalfOf }) },
    ...(company === '*' ? {} : { company }),
  };
  checkContext(context);
  return { ...context, keyId: id, expiresAt };
}

function mac(secret: Uint8Array, payload: string): string {
  return createHmac('sha256', secret).update(payload).digest('hex');
}

function checkKey(key: ContextKey): void {
  if (!keyId.test(key.id)) throw new ContextError('context_invalid', 'a key id is 8 lower-case hex digits');
  if (key.secret.length !== 32) throw new ContextError('context_invalid', 'a key has exactly 32 bytes');
}

function checkContext({ tenant, company, actor }: Context): void {
  const ids: [string, string | undefined][] = [
    ['tenant', tenant],
    ['actor', actor.id],
    ['company', company],
    ['onBehalfOf', actor.onBehalfOf],
  ];
  for (const [name, id] of ids) {
    if (id !== undefined && !uuid.test(id)) {
      throw new ContextError('context_invalid', `the context's ${name} is not a lower-case UUID`);
    }
  }
  if (!actorKinds.has(actor.kind)) throw new ContextError('context_invalid', 'the actor is of no known kind');
  if (actor.kind === 'agent' && actor.onBehalfOf === undefined) {
    throw new ContextError('context_invalid', 'an agent acts on behalf of an account');
  }
}
