import { timingSafeEqual } from 'node:crypto';
import type { ClientBase, Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import { PlatformError, translating } from '../../errors.ts';
import type { RandomBytes } from '../../random.ts';
import type { Sealer } from '../../sealer.ts';
import { noTenant } from '../noTenant.ts';
import { createSecretToken, hashSecretToken } from '../secretToken.ts';

/** How an application proves itself at the token endpoint: client_secret_basic, private_key_jwt, or not at all. */
export type ClientAuthentication = 'secret' | 'private_key' | 'none';

/** What an operator registers. */
export type ClientRegistration = {
  /** client_id: 3 to 63 characters of a-z, 0-9 and hyphen. */
  id: string;
  name: string;
  /** The tenant's or the vendor's own; only those may sign people in. */
  firstParty: boolean;
  authentication: ClientAuthentication;
  /** private_key: a JSON Web Key Set of public keys. */
  publicKeys?: object | undefined;
  /** Exact; https, or http on this machine. Empty for a back end that signs nobody in. */
  redirectUris: readonly string[];
  postLogoutRedirectUris: readonly string[];
  backchannelLogoutUri?: string | undefined;
  /** Gives it refresh tokens. */
  refresh: boolean;
  /** Resource identifiers it may ask access tokens for. */
  mayCall: readonly string[];
  /** As a back end: the audience of the tokens it accepts, an absolute URI (RFC 8707). */
  resource?: string | undefined;
  resourceScopes: readonly string[];
  /** As a back end: jwt is verified locally and lives until it expires, opaque is introspected and revocable at once. */
  tokenFormat?: 'jwt' | 'opaque' | undefined;
};

export type ProviderClient = ClientRegistration & { createdAt: Date };

/** Who registers: the owner role by its connection, or an operator by a context sealed for the nil tenant. */
export type Registrar = { database: Pool | ClientBase; clock: Clock; context?: string | undefined };

const refusals = {
  provider_client_pkey: 'client_exists',
  provider_client_resource_unique: 'client_exists',
  provider_client_registrar: 'permission_refused',
} as const;

/**
 * Registers an application or a back end.
 *
 * @returns its secret, shown this once; null unless it authenticates with one
 * @throws PlatformError client_exists, client_invalid, permission_refused (neither owner role nor operator)
 */
export async function createClient(
  { database, clock, context }: Registrar,
  registration: ClientRegistration,
  randomBytes: RandomBytes,
): Promise<{ secret: string | null }> {
  const { authentication } = registration;
  const made = authentication === 'secret' ? createSecretToken(randomBytes) : null;
  await invalidAsClientError(() =>
    translating(refusals, () =>
      database.query('select identity.create_provider_client($1, $2, $3, $4)', [
        context ?? null,
        JSON.stringify(registration),
        made?.hash ?? null,
        new Date(clock()),
      ]),
    ),
  );
  return { secret: made?.token ?? null };
}

/**
 * Gives a client a new secret.
 *
 * @param options.overlap milliseconds for which the secret before it still works; 0 ends it at once
 * @throws PlatformError client_missing, permission_refused
 */
export async function rotateClientSecret(
  { database, clock, context }: Registrar,
  { id, overlap }: { id: string; overlap: number },
  randomBytes: RandomBytes,
): Promise<{ secret: string }> {
  const { token, hash } = createSecretToken(randomBytes);
  const now = clock();
  const { rows } = await translating(refusals, () =>
    database.query<{ rotated: boolean }>(
      'select identity.rotate_provider_client_secret($1, $2, $3, $4, $5) as rotated',
      [context ?? null, id, hash, new Date(now), new Date(now + overlap)],
    ),
  );
  if (rows[0]?.rotated !== true) throw new PlatformError('client_missing');
  return { secret: token };
}

/** @throws PlatformError client_missing, permission_refused */
export async function removeClient({ database, clock, context }: Registrar, id: string): Promise<void> {
  const { rows } = await translating(refusals, () =>
    database.query<{ removed: boolean }>('select identity.remove_provider_client($1, $2, $3) as removed', [
      context ?? null,
      id,
      new Date(clock()),
    ]),
  );
  if (rows[0]?.removed !== true) throw new PlatformError('client_missing');
}

const columns = `c.id, c.name, c.first_party as "firstParty", c.authentication, c.public_keys as "publicKeys",
  c.redirect_uris as "redirectUris", c.post_logout_redirect_uris as "postLogoutRedirectUris",
  c.backchannel_logout_uri as "backchannelLogoutUri", c.refresh, c.may_call as "mayCall", c.resource,
  c.resource_scopes as "resourceScopes", c.token_format as "tokenFormat", c.created_at as "createdAt"`;

type ClientRow = { [Key in keyof ProviderClient]-?: Exclude<ProviderClient[Key], undefined> | null };

export async function listClients(database: Pool | ClientBase): Promise<ProviderClient[]> {
  const { rows } = await database.query<ClientRow>(
    `select ${columns} from identity.provider_client c where c.removed_at is null order by c.id`,
  );
  return rows.map(toClient);
}

/** The registered client of an id; undefined when there is none. */
export async function findClient(database: Pool, id: string): Promise<ProviderClient | undefined> {
  const { rows } = await database.query<ClientRow>(
    `select ${columns} from identity.provider_client c where c.id = $1 and c.removed_at is null`,
    [id],
  );
  return rows[0] === undefined ? undefined : toClient(rows[0]);
}

/** The back end that accepts tokens for a resource; undefined when nobody registered it. */
export async function findResource(database: Pool, resource: string): Promise<ProviderClient | undefined> {
  const { rows } = await database.query<ClientRow>(
    `select ${columns} from identity.provider_client c where c.resource = $1 and c.removed_at is null`,
    [resource],
  );
  return rows[0] === undefined ? undefined : toClient(rows[0]);
}

/** Whether a secret is the client's lasting one, or the one before it within its overlap. */
export async function isClientSecret(
  { pool, clock }: { pool: Pool; clock: Clock },
  { id, secret }: { id: string; secret: string },
): Promise<boolean> {
  const given = hashSecretToken(secret);
  if (given === null) return false;
  const { rows } = await pool.query<{ secret_hash: Buffer }>(
    `select s.secret_hash from identity.provider_client_secret s
     join identity.provider_client c on c.id = s.client_id
     where s.client_id = $1 and c.removed_at is null and (s.expires_at is null or s.expires_at > $2)`,
    [id, new Date(clock())],
  );
  return rows.map(({ secret_hash: hash }) => timingSafeEqual(hash, given)).includes(true);
}

function toClient(row: ClientRow): ProviderClient {
  const present = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  return present as ProviderClient;
}

/** A form the table refuses: its constraint names what is wrong with the registration. */
async function invalidAsClientError(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (!['23514', '23502', '22P02', '22023'].includes(String(code))) throw error;
    const constraint =
      typeof error === 'object' && error !== null && 'constraint' in error ? String(error.constraint) : '';
    const field = fields[constraint];
    throw new PlatformError('client_invalid', { cause: error, ...(field === undefined ? {} : { field }) });
  }
}

const fields: Readonly<Record<string, string>> = {
  provider_client_id_form: 'id',
  provider_client_name_length: 'name',
  provider_client_public_keys_given: 'publicKeys',
  provider_client_redirect_uris_form: 'redirectUris',
  provider_client_post_logout_uris_form: 'postLogoutRedirectUris',
  provider_client_backchannel_form: 'backchannelLogoutUri',
  provider_client_resource_form: 'resource',
  provider_client_resource_complete: 'tokenFormat',
  provider_client_resource_authenticates: 'authentication',
  provider_client_of_use: 'redirectUris',
};

/** An operator as a registrar: under a context sealed for them, which the database verifies. */
export function operatorRegistrar(
  { pool, sealer, clock }: { pool: Pool; sealer: Sealer; clock: Clock },
  accountId: string,
): Registrar {
  const context = sealer.seal({ tenant: noTenant, actor: { kind: 'account', id: accountId } });
  return { database: pool, clock, context };
}
