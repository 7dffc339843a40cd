import { hash as digest } from 'node:crypto';
import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { randomUuid } from '../../random.ts';
import { inTransaction } from '../../transaction.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { endSessions } from '../endSessions.ts';
import { recordEvent } from '../event.ts';
import type { Device } from '../session.ts';
import type { AccessTokens } from './accessToken.ts';
import { openSuccessor, sealSuccessor } from './successor.ts';

/** What the token functions work with. */
export type TokenDependencies = {
  identity: IdentityDependencies;
  accessTokens: AccessTokens;
  /** Milliseconds a refresh token lives unused; never past its session's absolute end. */
  refreshIdle: number;
  /** Milliseconds in which the predecessor of the live token is given that token again. At most a minute. */
  refreshGrace: number;
};

/** 14 days unused, 10 seconds for a second tab or an answer that got lost. */
export const refreshDefaults = { refreshIdle: 14 * 24 * 3_600_000, refreshGrace: 10_000 };

export type TokenPair = {
  accessToken: string;
  accessExpiresAt: Date;
  /** `bhr_` and 43 characters of base64url; stored nowhere. */
  refreshToken: string;
  refreshExpiresAt: Date;
};

const prefix = 'bhr_';

/** Starts the family of a session that just began: its first refresh token, and an access token. */
export async function startFamily(
  tokens: TokenDependencies,
  { sessionId, accountId }: { sessionId: string; accountId: string },
): Promise<TokenPair> {
  const { identity, refreshIdle } = tokens;
  const { randomBytes, clock } = identity;
  const secret = randomBytes(32);
  const now = clock();
  const expiresAt = await inTransaction(identity.pool, async (client) => {
    const { rows } = await client.query<{ lives_until: Date }>(
      `update identity.session set idle_expires_at = greatest(idle_expires_at, least(absolute_expires_at, $2))
       where id = $1 and ended_at is null
       returning least(absolute_expires_at, $2) as lives_until`,
      [sessionId, new Date(now + refreshIdle)],
    );
    const livesUntil = rows[0]?.lives_until;
    if (livesUntil === undefined) throw new PlatformError('token_refused');
    await client.query(
      `insert into identity.refresh_token (id, session_id, token_hash, created_at, expires_at)
       values ($1, $2, $3, $4, $5)`,
      [randomUuid(randomBytes), sessionId, sha256(secret), new Date(now), livesUntil],
    );
    return livesUntil;
  });
  return pairOf(tokens, { secret, expiresAt, sessionId, accountId });
}

type Exchanged = { session_id: string; account_id: string; expires_at: Date };

/**
 * Exchanges a refresh token for its successor (docs/design/refresh.md). The predecessor of the live token is given
 * that same token for `refreshGrace`; any other token that was exchanged before is reuse: it ends the session, for
 * good and in the audit, although the answer is a refusal like every other.
 *
 * @throws PlatformError token_refused
 */
export async function refresh(
  tokens: TokenDependencies,
  { refreshToken, device }: { refreshToken: string; device: Device },
): Promise<TokenPair> {
  const { identity, refreshIdle, refreshGrace } = tokens;
  const presented = secretOf(refreshToken);
  if (presented === null) throw new PlatformError('token_refused');
  const { randomBytes, clock } = identity;
  const successor = randomBytes(32);
  const { rows } = await identity.pool.query<Exchanged>({
    text: `select session_id, account_id, expires_at from identity.exchange_refresh_token(
       $1, $2, $3, $4, $5, $6 * interval '1 millisecond', $7 * interval '1 millisecond')`,
    values: [
      sha256(presented),
      randomUuid(randomBytes),
      sha256(successor),
      sealSuccessor(presented, successor, randomBytes),
      new Date(clock()),
      refreshIdle,
      refreshGrace,
    ],
  });
  const exchanged = rows[0];
  if (exchanged === undefined) return repeat(tokens, { presented, device });
  return pairOf(tokens, {
    secret: successor,
    expiresAt: exchanged.expires_at,
    sessionId: exchanged.session_id,
    accountId: exchanged.account_id,
  });
}

type Known = {
  session_id: string;
  account_id: string;
  used_at: Date | null;
  successor_encrypted: Buffer | null;
  successor_grace_until: Date | null;
  successor_expires_at: Date | null;
  is_predecessor: boolean;
};

// The token was not live. Its family is locked first, so that what is read here is what the exchange it lost to left.
async function repeat(
  tokens: TokenDependencies,
  { presented, device }: { presented: Buffer; device: Device },
): Promise<TokenPair> {
  const { identity } = tokens;
  const now = identity.clock();
  const found = await inTransaction(identity.pool, async (client) => {
    const known = await findKnown(client, { tokenHash: sha256(presented), now });
    if (known === undefined || known.used_at === null) return null;
    const grace = known.successor_grace_until?.getTime() ?? 0;
    if (known.is_predecessor && now < grace) return known;
    await endFamily(identity, client, { known, device });
    return null;
  });
  if (found === null || found.successor_encrypted === null || found.successor_expires_at === null) {
    throw new PlatformError('token_refused');
  }
  return pairOf(tokens, {
    secret: openSuccessor(presented, found.successor_encrypted),
    expiresAt: found.successor_expires_at,
    sessionId: found.session_id,
    accountId: found.account_id,
  });
}

// Nothing for a token that is unknown, or whose family has ended already, or whose account is disabled.
async function findKnown(
  client: ClientBase,
  { tokenHash, now }: { tokenHash: Buffer; now: number },
): Promise<Known | undefined> {
  const family = await client.query<{ id: string }>(
    `select s.id from identity.session s
     where s.id = (select t.session_id from identity.refresh_token t where t.token_hash = $1)
       and s.ended_at is null and s.absolute_expires_at > $2
     for update`,
    [tokenHash, new Date(now)],
  );
  if (family.rows[0] === undefined) return undefined;
  const { rows } = await client.query<Known>(
    `select t.session_id, s.account_id, t.used_at, t.successor_encrypted, t.successor_grace_until,
       n.expires_at as successor_expires_at, n.id is not null and n.used_at is null as is_predecessor
     from identity.refresh_token t
     join identity.session s on s.id = t.session_id
     join identity.account a on a.id = s.account_id and a.disabled_at is null
     left join identity.refresh_token n on n.predecessor_id = t.id
     where t.token_hash = $1`,
    [tokenHash],
  );
  return rows[0];
}

async function endFamily(
  identity: IdentityDependencies,
  client: ClientBase,
  { known, device }: { known: Known; device: Device },
): Promise<void> {
  const { session_id: sessionId, account_id: accountId, used_at: usedAt } = known;
  await recordEvent(identity, client, {
    action: 'refresh_token.reuse',
    targetType: 'identity.session',
    targetId: sessionId,
    accountId,
    detail: { exchanged_at: usedAt?.toISOString() },
    request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
  });
  await endSessions(identity, { accountId, sessionId, reason: 'reuse', device }, client);
}

/**
 * Ends the session of a refresh token, used or not, or of an access token (RFC 7009). A token that is none, or whose
 * session has ended, is nothing to revoke, and no error. A failure to end it is thrown (T-45).
 */
export async function revoke(
  tokens: TokenDependencies,
  { token, device }: { token: string; device: Device },
): Promise<{ ended: boolean }> {
  const { identity } = tokens;
  const session = await sessionOf(tokens, token);
  if (session === null) return { ended: false };
  const { ended } = await endSessions(identity, { ...session, reason: 'signed_out', device });
  return { ended: ended.length === 1 };
}

async function sessionOf(
  { identity, accessTokens }: TokenDependencies,
  token: string,
): Promise<{ sessionId: string; accountId: string } | null> {
  const secret = secretOf(token);
  if (secret === null) {
    const claims = await accessTokens.verify(token);
    return claims === null ? null : { sessionId: claims.sid, accountId: claims.sub };
  }
  const { rows } = await identity.pool.query<{ id: string; account_id: string }>(
    `select s.id, s.account_id from identity.refresh_token t join identity.session s on s.id = t.session_id
     where t.token_hash = $1`,
    [sha256(secret)],
  );
  return rows[0] === undefined ? null : { sessionId: rows[0].id, accountId: rows[0].account_id };
}

async function pairOf(
  { accessTokens }: TokenDependencies,
  made: { secret: Uint8Array; expiresAt: Date; sessionId: string; accountId: string },
): Promise<TokenPair> {
  const { token, expiresAt } = await accessTokens.issue(made);
  return {
    accessToken: token,
    accessExpiresAt: expiresAt,
    refreshToken: prefix + Buffer.from(made.secret).toString('base64url'),
    refreshExpiresAt: made.expiresAt,
  };
}

function secretOf(token: string): Buffer | null {
  if (!token.startsWith(prefix)) return null;
  const encoded = token.slice(prefix.length);
  if (!/^[A-Za-z0-9_-]{43}$/.test(encoded)) return null;
  const secret = Buffer.from(encoded, 'base64url');
  // The last character carries two unused bits; one spelling is the token (T-41).
  return secret.toString('base64url') === encoded ? secret : null;
}

function sha256(bytes: Uint8Array): Buffer {
  return digest('sha256', bytes, 'buffer');
}
