import type { ClientBase, Pool } from 'pg';
import { randomUuid, type RandomBytes } from '../random.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { createSecretToken, hashSecretToken, type SecretToken } from './secretToken.ts';
import type { Device, StartedSession, VouchingConnection } from './session.ts';

export type SessionStart = {
  accountId: string;
  device: Device;
  /** RFC 8176 amr values. */
  methods: readonly string[];
  /** Authentication context class (OpenID Connect acr). Default none. */
  acr?: string | undefined;
  /** Confines the session to the connection's tenant. Default: none. */
  connection?: VouchingConnection | undefined;
  /** When it ends at the latest, in milliseconds since the epoch. Default: `lifetimes.absolute` alone decides. */
  endsAt?: number | undefined;
};

/**
 * Starts a session with a new token: a sign-in never continues one that was there before. Only a sign-up calls this
 * itself; every sign-in goes through `completeSignIn`, which decides whether there is to be a session at all.
 */
export async function startSession(
  { clock, randomBytes, lifetimes }: Pick<IdentityDependencies, 'clock' | 'randomBytes' | 'lifetimes'>,
  database: Pool | ClientBase,
  { accountId, device, methods, acr, connection, endsAt }: SessionStart,
): Promise<StartedSession> {
  const known = device.browser === undefined ? null : knownDevice(device.browser, randomBytes);
  const { token, hash } = createSecretToken(randomBytes);
  const now = clock();
  const absolute = Math.min(lifetimes.absolute, Math.max(0, (endsAt ?? Infinity) - now));
  const started: StartedSession = {
    token,
    sessionId: randomUuid(randomBytes),
    accountId,
    idleExpiresAt: new Date(now + Math.min(lifetimes.idle, absolute)),
    absoluteExpiresAt: new Date(now + absolute),
    deviceToken: known?.token ?? null,
  };
  await database.query(
    `insert into identity.session (id, account_id, token_hash, created_at, last_seen_at, auth_time,
       idle_expires_at, absolute_expires_at, ip, user_agent, amr, acr, device_hash,
       connection_id, confined_tenant_id)
     values ($1, $2, $3, $4, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      started.sessionId,
      accountId,
      hash,
      new Date(now),
      started.idleExpiresAt,
      started.absoluteExpiresAt,
      device.ip ?? null,
      device.userAgent?.slice(0, 512) ?? null,
      methods,
      acr ?? null,
      known?.hash ?? null,
      connection?.id ?? null,
      connection?.tenantId ?? null,
    ],
  );
  return started;
}

function knownDevice({ token }: { token: string | undefined }, randomBytes: RandomBytes): SecretToken {
  const hash = token === undefined ? null : hashSecretToken(token);
  return token === undefined || hash === null ? createSecretToken(randomBytes) : { token, hash };
}
