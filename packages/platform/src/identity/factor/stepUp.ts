import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { inTransaction } from '../../transaction.ts';
import { recordEvent } from '../event.ts';
import type { Device, StartedSession } from '../session.ts';
import { limitingAttempts } from './attempts.ts';
import type { FactorDependencies } from './dependencies.ts';
import { factorKinds } from './factors.ts';
import { auditingRegression, passkeyRequestOptions, verifyPasskey } from './passkeyProof.ts';
import { honourFactor, type CheckedProof, type FactorProof } from './proof.ts';
import { raiseSession, type SteppingSession } from './raiseSession.ts';

/** How a session may be proved anew. `sign_in`: nothing to ask for here; sign out and in again. */
export type StepUpWay = 'password' | 'totp' | 'passkey' | 'recovery_code' | 'sign_in';

export type StepUpProof = FactorProof | { kind: 'password'; password: string };

/** Refuses what asks for a fresher or stronger proof; `acceptable` says which would do. */
export class StepUpRequired extends PlatformError {
  readonly acceptable: readonly StepUpWay[];

  constructor(acceptable: readonly StepUpWay[]) {
    super('step_up_required', { extensions: { acceptable } });
    this.acceptable = acceptable;
  }
}

type ProofRow = {
  auth_time: Date;
  amr: string[];
  operator: boolean;
  password: boolean;
};

/**
 * Lets a dangerous action pass when its session was proved within the last minutes, and with two factors where the
 * account has any. Reads the database, not the cached session: a disabled account, an ended session, a revoked operator
 * or a factor added elsewhere counts at once.
 *
 * @throws StepUpRequired
 * @throws PlatformError signed_out, permission_refused (an operator no longer)
 */
export async function assertFreshProof(factors: FactorDependencies, session: SteppingSession): Promise<void> {
  const { proof, ways } = await readProof(factors, session);
  const fresh = factors.clock() - proof.auth_time.getTime() <= factors.stepUpWithin;
  const strong = proof.amr.includes('mfa') || !ways.some((way) => way === 'totp' || way === 'passkey');
  if (!fresh || !strong) throw new StepUpRequired(ways);
}

/** How this session may be proved anew: with a factor where the account has one, else with its password. */
export async function stepUpWays(
  factors: FactorDependencies,
  session: SteppingSession,
): Promise<StepUpWay[]> {
  return (await readProof(factors, session)).ways;
}

/** @throws PlatformError signed_out, passkey_unavailable */
export async function stepUpPasskeyOptions(
  factors: FactorDependencies,
  session: SteppingSession,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  await readProof(factors, session);
  return passkeyRequestOptions(factors, {
    purpose: 'step_up',
    accountId: session.account.id,
    sessionId: session.id,
  });
}

/**
 * Proves a session anew. It gets a new token with its new standing, so that whoever holds a copy of the old one holds
 * nothing: the answer's is for the cookie.
 *
 * @throws StepUpRequired: this kind of proof is not enough for this account
 * @throws PlatformError signed_out, code_refused, passkey_refused, sign_in_refused (the password), attempts_exhausted, busy
 */
export async function stepUp(
  factors: FactorDependencies,
  { session, proof, device }: { session: SteppingSession; proof: StepUpProof; device: Device },
): Promise<StartedSession> {
  const { ways } = await readProof(factors, session);
  if (!ways.includes(proof.kind)) throw new StepUpRequired(ways);
  const accountId = session.account.id;
  const use = session.confinedTo === null ? 'step_up' : 'confined_step_up';
  const started = await limitingAttempts(factors, { accountId, use, device }, async () => {
    if (proof.kind === 'password') {
      const passwordHash = await matchPassword(factors, { accountId, password: proof.password });
      return raise(factors, { session, device, proof: { kind: 'password', passwordHash } });
    }
    if (proof.kind !== 'passkey') return raise(factors, { session, device, proof });
    const asked = { purpose: 'step_up', accountId, sessionId: session.id } as const;
    const verified = await verifyPasskey(factors, { response: proof.response, use: asked });
    return auditingRegression(factors, { verified, device }, () =>
      raise(factors, { session, device, proof: { kind: 'passkey', verified } }),
    );
  });
  factors.sessions.forgetAccount(accountId);
  return started;
}

type Raise = {
  session: SteppingSession;
  device: Device;
  proof: CheckedProof | { kind: 'password'; passwordHash: string };
};

async function raise(
  factors: FactorDependencies,
  { session, device, proof }: Raise,
): Promise<StartedSession> {
  const accountId = session.account.id;
  return inTransaction(factors.pool, async (client) => {
    const methods =
      proof.kind === 'password'
        ? await holdPassword(client, { accountId, hash: proof.passwordHash })
        : await honourFactor(factors, { client, accountId, device, proof });
    const started = await raiseSession(factors, client, { session, methods });
    await recordEvent(factors, client, {
      accountId,
      action: 'session.step_up',
      targetType: 'identity.session',
      targetId: session.id,
      detail: { kind: proof.kind },
      request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
    });
    return started;
  });
}

async function readProof(
  factors: FactorDependencies,
  { id, account }: SteppingSession,
): Promise<{ proof: ProofRow; ways: StepUpWay[] }> {
  const { rows } = await factors.pool.query<ProofRow>(
    `select s.auth_time, s.amr,
       exists (select from identity.operator o where o.account_id = a.id and o.revoked_at is null) as operator,
       exists (select from identity.password p where p.account_id = a.id) as password
     from identity.session s
     join identity.account a on a.id = s.account_id
     where s.id = $1 and a.id = $2 and s.ended_at is null and a.disabled_at is null
       and s.idle_expires_at > $3 and s.absolute_expires_at > $3`,
    [id, account.id, new Date(factors.clock())],
  );
  const proof = rows[0];
  if (proof === undefined || (account.operator && !proof.operator)) {
    factors.sessions.forgetAccount(account.id);
    throw new PlatformError(proof === undefined ? 'signed_out' : 'permission_refused');
  }
  const kinds = await factorKinds(factors.pool, account.id);
  if (kinds.length > 0) return { proof, ways: kinds };
  return { proof, ways: [proof.password ? 'password' : 'sign_in'] };
}

async function matchPassword(
  { pool, passwords }: FactorDependencies,
  { accountId, password }: { accountId: string; password: string },
): Promise<string> {
  const { rows } = await pool.query<{ hash: string }>(
    'select hash from identity.password where account_id = $1',
    [accountId],
  );
  const stored = rows[0]?.hash;
  const { matches } = await passwords.verify(password, stored);
  if (stored === undefined || !matches) throw new PlatformError('sign_in_refused');
  return stored;
}

// A password changed since it was matched proves nothing any more.
async function holdPassword(
  client: ClientBase,
  { accountId, hash }: { accountId: string; hash: string },
): Promise<string[]> {
  const { rowCount } = await client.query(
    'select from identity.password where account_id = $1 and hash = $2 for share',
    [accountId, hash],
  );
  if (rowCount !== 1) throw new PlatformError('sign_in_refused');
  return ['pwd'];
}
