import {
  claimLogouts,
  expireSignIns,
  finishLogout,
  purgeRecords,
  type DueLogout,
} from '@bulkhead/platform/identity/provider';
import { OutboundError } from '@bulkhead/platform/outbound';
import { importJWK, SignJWT } from 'jose';
import type { JWK } from 'jose';
import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';
import type { SigningKeys } from './keys.ts';

/** Posts a form; answers with the status. Rejects with OutboundError when the address may not be called or does not answer. */
export type PostForm = (uri: string, form: URLSearchParams, signal: AbortSignal) => Promise<number>;

export type LogoutDutyOptions = {
  worker: Pool;
  clock: () => number;
  signingKeys: SigningKeys;
  /** The provider's issuer. */
  issuer: () => string;
  post: PostForm;
  randomId: () => string;
};

const batch = 20;

/** Milliseconds from a session's end until its applications are told, at most, while they answer. */
const promptness = 1000;

/**
 * Tells every application whose session ended (OpenID Connect Back-Channel Logout 1.0), whoever ended it and on whichever
 * server. Each logout token is made when it is sent, lives two minutes, and is tried again with growing waits.
 */
export function logoutDuty(options: LogoutDutyOptions): Duty {
  return {
    name: 'application.logout',
    every: promptness,
    run: async (signal) => {
      const due = await claimLogouts(options, batch);
      await Promise.all(due.map((logout) => deliver(options, logout, signal)));
      return due.length === batch ? 'again' : undefined;
    },
  };
}

/** Ends what ran out and deletes what nobody needs any more. */
export function providerUpkeepDuty(options: Pick<LogoutDutyOptions, 'worker' | 'clock'>): Duty {
  return {
    name: 'provider.purge',
    every: 60_000,
    run: async () => {
      await expireSignIns(options);
      await purgeRecords(options);
    },
  };
}

async function deliver(options: LogoutDutyOptions, logout: DueLogout, signal: AbortSignal): Promise<void> {
  const form = new URLSearchParams({ logout_token: await createLogoutToken(options, logout) });
  await finishLogout(options, logout, await failureOf(options.post(logout.uri, form, signal)));
}

/** A code for the table and the log: nothing the other side wrote. */
async function failureOf(answer: Promise<number>): Promise<string | undefined> {
  try {
    const status = await answer;
    return status === 200 || status === 204 ? undefined : `status_${status}`;
  } catch (error) {
    if (error instanceof OutboundError) return error.code;
    throw error;
  }
}

/** Section 2.4: `sub` and `sid`, no nonce, typed so that it is never taken for an ID token. */
export async function createLogoutToken(
  {
    signingKeys,
    issuer,
    clock,
    randomId,
  }: Pick<LogoutDutyOptions, 'signingKeys' | 'issuer' | 'clock' | 'randomId'>,
  { clientId, accountId, sid }: Pick<DueLogout, 'clientId' | 'accountId' | 'sid'>,
): Promise<string> {
  const { current } = await signingKeys();
  const now = Math.floor(clock() / 1000);
  return new SignJWT({
    sid,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
    .setProtectedHeader({ alg: current.alg, kid: current.kid, typ: 'logout+jwt' })
    .setIssuer(issuer())
    .setSubject(accountId)
    .setAudience(clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + 120)
    .setJti(randomId())
    .sign(await importJWK(current as JWK, current.alg));
}
