import { hash as digest, timingSafeEqual } from 'node:crypto';
import type { ClientBase, Pool } from 'pg';
import { PlatformError } from '../../errors.ts';
import { randomUuid } from '../../random.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { createSecretToken, hashSecretToken } from '../secretToken.ts';
import { VaultError } from '../../vault/index.ts';

/** Milliseconds a sign-in may be away at its provider. */
export const flowLife = 10 * 60_000;

/** A tenant's connection, or a provider of the service by its configured name. */
export type FlowTarget = { connectionId: string } | { provider: string };

export type FlowStart = {
  target: FlowTarget;
  /** Link: to the account that is signed in, which only a provider of the service does. Default: sign in. */
  link?: { accountId: string; sessionId: string } | undefined;
  /** A path of this origin; what is none becomes `/`. */
  returnPath: string;
  /** What the answer will be checked with, and what the browser's Strict cookies told at the start. */
  secrets: FlowSecrets;
};

export type FlowSecrets = Readonly<Record<string, string | undefined>>;

export type SignInFlow = {
  id: string;
  target: FlowTarget;
  /** Of the connection; null for a provider of the service. */
  tenantId: string | null;
  link: { accountId: string; sessionId: string } | null;
  returnPath: string;
  secrets: FlowSecrets;
  /** SAML: what the provider posted, once it has. */
  answer: string | null;
};

type FlowDependencies = Pick<IdentityDependencies, 'pool' | 'cipher' | 'clock' | 'randomBytes'>;

const secretsOf = (id: string): string[] => ['identity.sign_in_flow', id, 'secrets'];
const answerOf = (id: string): string[] => ['identity.sign_in_flow', id, 'answer'];
const cookieBinding = ['sign-in flow cookie'];

/**
 * Begins a sign-in that goes to an identity provider.
 *
 * @returns `state` for the provider (SAML: RelayState), `cookie` for `__Host-bulkhead-flow`: it binds the answer to this browser
 */
export async function beginFlow(
  { pool, cipher, clock, randomBytes }: FlowDependencies,
  { target, link, returnPath, secrets }: FlowStart,
): Promise<{ state: string; cookie: string }> {
  const id = randomUuid(randomBytes);
  const state = createSecretToken(randomBytes);
  const browser = createSecretToken(randomBytes);
  const now = clock();
  await pool.query(
    `insert into identity.sign_in_flow (id, state_hash, browser_hash, secrets_encrypted, connection_id, provider,
       purpose, account_id, session_id, return_path, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      id,
      state.hash,
      browser.hash,
      cipher.encrypt(Buffer.from(JSON.stringify(secrets)), secretsOf(id)),
      'connectionId' in target ? target.connectionId : null,
      'provider' in target ? target.provider : null,
      link === undefined ? 'sign_in' : 'link',
      link?.accountId ?? null,
      link?.sessionId ?? null,
      safeReturnPath(returnPath),
      new Date(now),
      new Date(now + flowLife),
    ],
  );
  const cookie = cipher.encrypt(Buffer.from(JSON.stringify([id, browser.token])), cookieBinding);
  return { state: state.token, cookie: cookie.toString('base64url') };
}

const allowedPath = /^\/(?:[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*)?$/;
const ownPlaces: ReadonlySet<string> = new Set(['api', 'rpc', 'sign-in', 'healthz', 'readyz', 'oidc']);

/** A path of the console, without query or fragment; anything else becomes `/`. No redirect leaves this origin. */
export function safeReturnPath(path: string | undefined): string {
  if (path === undefined || path.length > 500 || !allowedPath.test(path)) return '/';
  return ownPlaces.has(path.split('/')[1] ?? '') ? '/' : path;
}

type FlowRow = {
  id: string;
  browser_hash: Buffer;
  secrets_encrypted: Buffer;
  connection_id: string | null;
  provider: string | null;
  tenant_id: string | null;
  account_id: string | null;
  session_id: string | null;
  return_path: string;
  answer_encrypted: Buffer | null;
};

/**
 * The live flow of this state and this browser. Does not consume it: `signInWithAssertion` does, in the transaction that
 * honours it.
 *
 * @throws PlatformError sign_in_flow_expired: unknown, used, expired, another browser's, or its connection is off
 */
export async function openFlow(
  dependencies: FlowDependencies,
  { state, cookie }: { state: string; cookie: string | undefined },
): Promise<SignInFlow> {
  const { pool, cipher } = dependencies;
  const row = await findFlow(dependencies, pool, state);
  if (row === undefined || cookie === undefined || !isBrowserOf(row, cookie, cipher)) return refuse();
  const { account_id: accountId, session_id: sessionId } = row;
  return {
    id: row.id,
    target:
      row.connection_id === null ? { provider: row.provider ?? '' } : { connectionId: row.connection_id },
    tenantId: row.tenant_id,
    link: accountId === null || sessionId === null ? null : { accountId, sessionId },
    returnPath: row.return_path,
    secrets: JSON.parse(cipher.decrypt(row.secrets_encrypted, secretsOf(row.id)).toString()) as FlowSecrets,
    answer: row.answer_encrypted && cipher.decrypt(row.answer_encrypted, answerOf(row.id)).toString(),
  };
}

/**
 * Keeps what a provider posted until the browser comes with its cookie, which it does not send along with another site's form.
 * The first answer to a state stays; a later one is ignored.
 *
 * @throws PlatformError sign_in_flow_expired
 */
export async function keepAnswer(
  dependencies: FlowDependencies,
  { state, answer }: { state: string; answer: string },
): Promise<void> {
  const { pool, cipher } = dependencies;
  const row = await findFlow(dependencies, pool, state);
  if (row === undefined) return refuse();
  await pool.query(
    `update identity.sign_in_flow set answer_encrypted = $2
     where id = $1 and answer_encrypted is null and consumed_at is null`,
    [row.id, cipher.encrypt(Buffer.from(answer), answerOf(row.id))],
  );
}

/**
 * Uses a flow up. Of two at once the second waits, and is refused.
 *
 * @throws PlatformError sign_in_flow_expired
 */
export async function consumeFlow(
  { clock }: Pick<FlowDependencies, 'clock'>,
  database: Pool | ClientBase,
  flowId: string,
): Promise<void> {
  const { rowCount } = await database.query(
    `update identity.sign_in_flow set consumed_at = $2 where id = $1 and consumed_at is null and expires_at > $2`,
    [flowId, new Date(clock())],
  );
  if (rowCount !== 1) refuse();
}

async function findFlow(
  { clock }: Pick<FlowDependencies, 'clock'>,
  database: Pool | ClientBase,
  state: string,
): Promise<FlowRow | undefined> {
  const hash = hashSecretToken(state);
  if (hash === null) return undefined;
  const { rows } = await database.query<FlowRow>(
    `select f.id, f.browser_hash, f.secrets_encrypted, f.connection_id, f.provider, d.tenant_id, f.account_id,
       f.session_id, f.return_path, f.answer_encrypted
     from identity.sign_in_flow f
     left join identity.connection_directory d on d.connection_id = f.connection_id
     where f.state_hash = $1 and f.consumed_at is null and f.expires_at > $2
       and (f.connection_id is null or d.enabled)`,
    [hash, new Date(clock())],
  );
  return rows[0];
}

function isBrowserOf(row: FlowRow, cookie: string, cipher: FlowDependencies['cipher']): boolean {
  const opened = openCookie(cookie, cipher);
  if (opened === undefined || opened.id !== row.id) return false;
  return timingSafeEqual(
    digest('sha256', Buffer.from(opened.secret, 'base64url'), 'buffer'),
    row.browser_hash,
  );
}

function openCookie(
  cookie: string,
  cipher: FlowDependencies['cipher'],
): { id: string; secret: string } | undefined {
  if (!/^[A-Za-z0-9_-]{1,500}$/.test(cookie)) return undefined;
  try {
    const [id, secret] = JSON.parse(
      cipher.decrypt(Buffer.from(cookie, 'base64url'), cookieBinding).toString(),
    ) as [string, string];
    return { id, secret };
  } catch (error) {
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}

function refuse(): never {
  throw new PlatformError('sign_in_flow_expired');
}
