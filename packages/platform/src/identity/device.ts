import type { IdentityDependencies } from './dependencies.ts';
import { hashSecretToken } from './secretToken.ts';
import type { Device } from './session.ts';

/** What a browser is known by; null when it brings nothing, or nothing of ours. */
export function deviceHashOf(browser: Device['browser']): Buffer | null {
  return browser?.token === undefined ? null : hashSecretToken(browser.token);
}

/** A live session as its owner sees it among the others. */
export type DeviceSession = {
  id: string;
  createdAt: Date;
  /** Last use, to the minute. */
  lastSeenAt: Date;
  /** When it ends if it is not used again. */
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  /** Address at sign-in. */
  ip: string | null;
  /** As the browser or program named itself: text from outside. */
  userAgent: string | null;
  /** RFC 8176 amr values. */
  methods: string[];
  /** A program that holds refresh tokens, not a browser. */
  program: boolean;
};

type SessionRow = {
  id: string;
  created_at: Date;
  last_seen_at: Date;
  idle_expires_at: Date;
  absolute_expires_at: Date;
  ip: string | null;
  user_agent: string | null;
  amr: string[];
  program: boolean;
};

/** An account's live sessions, the one last used first; at most 200. */
export async function listSessions(
  { pool, clock }: IdentityDependencies,
  accountId: string,
): Promise<DeviceSession[]> {
  const { rows } = await pool.query<SessionRow>(
    `select s.id, s.created_at, s.last_seen_at, s.idle_expires_at, s.absolute_expires_at, host(s.ip) as ip,
       s.user_agent, s.amr, exists (select from identity.refresh_token t where t.session_id = s.id) as program
     from identity.session s
     where s.account_id = $1 and s.ended_at is null and s.idle_expires_at > $2 and s.absolute_expires_at > $2
     order by s.last_seen_at desc, s.created_at desc, s.id limit 200`,
    [accountId, new Date(clock())],
  );
  return rows.map((row) => ({
    id: row.id,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    idleExpiresAt: row.idle_expires_at,
    absoluteExpiresAt: row.absolute_expires_at,
    ip: row.ip,
    userAgent: row.user_agent,
    methods: row.amr,
    program: row.program,
  }));
}
