import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { randomUuid } from '../../random.ts';
import { inTransaction } from '../../transaction.ts';
import { completeSignIn } from '../completeSignIn.ts';
import type { SignInRule } from '../dependencies.ts';
import { createSecretToken, hashSecretToken } from '../secretToken.ts';
import type { Device, StartedSession, VouchingConnection } from '../session.ts';
import type { FactorKind, FirstProof } from '../signInRule.ts';
import { limitingAttempts } from './attempts.ts';
import type { FactorDependencies } from './dependencies.ts';
import { factorKinds } from './factors.ts';
import { joinMethods, twoFactors } from './methods.ts';
import { auditingRegression, passkeyRequestOptions, verifyPasskey } from './passkeyProof.ts';
import { honourFactor, type CheckedProof, type FactorProof } from './proof.ts';

/** Milliseconds between the first factor and the second. */
const pendingLife = 5 * 60_000;

/** Second factors that may be tried for one first factor. */
const pendingAttempts = 5;

/**
 * Asks every sign-in of an account that has a factor for it, whatever the first proof was (T-39). Two proofs stand in
 * `methods` as `mfa`: a passkey that verified the person, or a provider that is trusted to have asked for more than one.
 */
export const secondFactorRule: SignInRule = async (attempt, { identity, client, account }) => {
  if (attempt.secondFactor !== undefined || attempt.methods.includes('mfa')) return { kind: 'allow' };
  const factors = await factorKinds(client, account.id);
  if (factors.length === 0) return { kind: 'allow' };
  const { token, hash } = createSecretToken(identity.randomBytes);
  const now = identity.clock();
  await client.query(
    `insert into identity.pending_sign_in (id, account_id, token_hash, methods, verified_by, created_at, expires_at, connection_id,
       session_ends_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      randomUuid(identity.randomBytes),
      account.id,
      hash,
      attempt.methods,
      attempt.verifiedBy,
      new Date(now),
      new Date(now + pendingLife),
      attempt.connection?.id ?? null,
      attempt.endsAt === undefined ? null : new Date(attempt.endsAt),
    ],
  );
  return { kind: 'factor_required', challenge: token, factors };
};

/**
 * What may complete a sign-in, for a page that holds nothing but the challenge.
 *
 * @throws PlatformError sign_in_expired
 */
export async function readPendingSignIn(
  factors: FactorDependencies,
  challenge: string,
): Promise<{ factors: FactorKind[] }> {
  const pending = await findPending(factors, challenge);
  return { factors: await factorKinds(factors.pool, pending.account_id) };
}

/**
 * Asks for a passkey as second factor.
 *
 * @throws PlatformError sign_in_expired, passkey_unavailable
 */
export async function secondFactorPasskeyOptions(
  factors: FactorDependencies,
  challenge: string,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const pending = await findPending(factors, challenge);
  return passkeyRequestOptions(factors, {
    purpose: 'second_factor',
    accountId: pending.account_id,
    pendingSignInId: pending.id,
  });
}

export type SecondFactor = {
  /** Of `factor_required`. */
  challenge: string;
  proof: FactorProof;
  device: Device;
};

/**
 * Completes a sign-in with its second factor. Every try is counted before it is looked at. What it uses up (the
 * challenge, the step of a one-time code, a recovery code) is used up in the transaction that starts the session.
 *
 * @throws PlatformError sign_in_expired, code_refused, passkey_refused, attempts_exhausted, and what `completeSignIn` does
 */
export async function completeFactor(
  factors: FactorDependencies,
  { challenge, proof, device }: SecondFactor,
): Promise<StartedSession> {
  const pending = await countAttempt(factors, challenge);
  const { account_id: accountId } = pending;
  const use = pending.connection_id === null ? 'sign_in' : 'confined_sign_in';
  return limitingAttempts(factors, { accountId, use, device }, async () => {
    if (proof.kind !== 'passkey') return redeem(factors, { pending, proof, device });
    const asked = { purpose: 'second_factor', accountId, pendingSignInId: pending.id } as const;
    const verified = await verifyPasskey(factors, { response: proof.response, use: asked });
    return auditingRegression(factors, { verified, device }, () =>
      redeem(factors, { pending, proof: { kind: 'passkey', verified }, device }),
    );
  });
}

type Redemption = { pending: PendingRow; proof: CheckedProof; device: Device };

async function redeem(
  factors: FactorDependencies,
  { pending, proof, device }: Redemption,
): Promise<StartedSession> {
  const { account_id: accountId } = pending;
  return inTransaction(factors.pool, async (client) => {
    await consume(factors, client, pending);
    const proved = await honourFactor(factors, { client, accountId, device, proof });
    const outcome = await completeSignIn(
      factors,
      {
        accountId,
        device,
        methods: joinMethods(pending.methods, proved),
        verifiedBy: pending.verified_by,
        secondFactor: proof.kind,
        acr: twoFactors,
        connection: await connectionOf(client, pending.connection_id),
        endsAt: pending.session_ends_at?.getTime(),
      },
      client,
    );
    if (outcome.kind !== 'session') throw new Error('a second factor was asked for twice');
    return outcome.session;
  });
}

// A password that was changed since then has made the first proof worthless.
async function consume(factors: FactorDependencies, client: ClientBase, { id }: PendingRow): Promise<void> {
  const { rowCount } = await client.query(
    `update identity.pending_sign_in p set consumed_at = $2
     where p.id = $1 and consumed_at is null and expires_at > $2 and coalesce(session_ends_at > $2, true) and not exists (
       select from identity.password w where w.account_id = p.account_id and w.changed_at > p.created_at
     )`,
    [id, new Date(factors.clock())],
  );
  if (rowCount !== 1) throw new PlatformError('sign_in_expired');
}

type PendingRow = {
  id: string;
  account_id: string;
  methods: string[];
  verified_by: FirstProof;
  connection_id: string | null;
  session_ends_at: Date | null;
};

// What vouched for the first factor confines the session, whatever came second.
async function connectionOf(client: ClientBase, id: string | null): Promise<VouchingConnection | undefined> {
  if (id === null) return undefined;
  const { rows } = await client.query<{ tenant_id: string }>(
    'select tenant_id from identity.connection_directory where connection_id = $1 and enabled',
    [id],
  );
  return rows[0] === undefined ? refuseExpired() : { id, tenantId: rows[0].tenant_id };
}

async function countAttempt({ pool, clock }: FactorDependencies, challenge: string): Promise<PendingRow> {
  const { rows } = await pool.query<PendingRow>(
    `update identity.pending_sign_in set attempts = attempts + 1
     where token_hash = $1 and consumed_at is null and expires_at > $2 and attempts < $3
     returning id, account_id, methods, verified_by, connection_id, session_ends_at`,
    [hashSecretToken(challenge), new Date(clock()), pendingAttempts],
  );
  return rows[0] ?? refuseExpired();
}

async function findPending({ pool, clock }: FactorDependencies, challenge: string): Promise<PendingRow> {
  const { rows } = await pool.query<PendingRow>(
    `select id, account_id, methods, verified_by, connection_id, session_ends_at from identity.pending_sign_in
     where token_hash = $1 and consumed_at is null and expires_at > $2 and attempts < $3`,
    [hashSecretToken(challenge), new Date(clock()), pendingAttempts],
  );
  return rows[0] ?? refuseExpired();
}

function refuseExpired(): never {
  throw new PlatformError('sign_in_expired');
}
