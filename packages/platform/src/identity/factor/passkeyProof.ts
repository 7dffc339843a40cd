import {
  generateAuthenticationOptions,
  verifyAuthenticationResponse,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { recordEvent } from '../event.ts';
import type { Device } from '../session.ts';
import { readChallenge } from './clientData.ts';
import type { FactorDependencies } from './dependencies.ts';
import { challengeLife, issueChallenge, spendChallenge, type ChallengeUse } from './passkeyChallenge.ts';
import { passkeyMethods } from './methods.ts';
import { toAuthenticationResponse, type PasskeyAssertion } from './passkeyResponse.ts';
import { credentialsOf } from './registerPasskey.ts';
import { namesAccount } from './userHandle.ts';

/** A passkey whose answer was right; it counts once `acceptPasskey` has taken it down. */
export type VerifiedPasskey = {
  passkeyId: string;
  accountId: string;
  signCount: number;
  backedUp: boolean;
  /** RFC 8176: where the key lives, that the person was there, and that the device verified them. */
  methods: string[];
};

/**
 * Asks the browser for a passkey. At sign-in nobody is named, so that the answer is the same for everybody; later the
 * account's own are.
 *
 * @throws PlatformError passkey_unavailable
 */
export async function passkeyRequestOptions(
  factors: FactorDependencies,
  use: Exclude<ChallengeUse, { purpose: 'register' }>,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const party = factors.relyingParty();
  const allowed = use.purpose === 'sign_in' ? undefined : await credentialsOf(factors.pool, use.accountId);
  const challenge = await issueChallenge(factors, use);
  return generateAuthenticationOptions({
    rpID: party.id,
    challenge: new Uint8Array(challenge),
    timeout: challengeLife,
    userVerification: 'required',
    ...(allowed === undefined ? {} : { allowCredentials: allowed }),
  });
}

/**
 * Verifies an authenticator's answer (WebAuthn level 3, section 7.2): challenge, origin, relying party, presence and
 * verification of the person, user handle, signature. The challenge is spent whatever comes of it.
 *
 * @throws PlatformError passkey_refused, whatever is wrong
 */
export async function verifyPasskey(
  factors: FactorDependencies,
  { response, use }: { response: PasskeyAssertion; use: ChallengeUse },
): Promise<VerifiedPasskey> {
  const party = factors.relyingParty();
  const challenge = readChallenge(response.response.clientDataJSON);
  const asked = await spendChallenge(factors, factors.pool, { challenge, use });
  const row = await findPasskey(factors, { response, use });
  if (!asked || row === undefined) throw new PlatformError('passkey_refused');
  const verified = await verifyAuthenticationResponse({
    response: toAuthenticationResponse(response),
    expectedChallenge: challenge.toString('base64url'),
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    // The counter is judged by the statement that stores it, where two answers at once cannot both pass.
    credential: { id: response.id, publicKey: new Uint8Array(row.public_key), counter: 0 },
  }).catch((cause: unknown) => {
    throw new PlatformError('passkey_refused', { cause });
  });
  const { newCounter, credentialBackedUp, credentialDeviceType } = verified.authenticationInfo;
  const eligible = credentialDeviceType === 'multiDevice';
  if (!verified.verified || eligible !== row.backup_eligible) throw new PlatformError('passkey_refused');
  return {
    passkeyId: row.id,
    accountId: row.account_id,
    signCount: newCounter,
    backedUp: credentialBackedUp,
    methods: passkeyMethods(eligible),
  };
}

/**
 * Takes a use down. A signature counter that does not grow means that two devices hold the same key: refused.
 *
 * @throws PasskeyRegression
 * @throws PlatformError passkey_refused: removed meanwhile
 */
export async function acceptPasskey(
  { clock }: Pick<FactorDependencies, 'clock'>,
  client: ClientBase,
  { passkeyId, signCount, backedUp }: VerifiedPasskey,
): Promise<void> {
  const { rowCount } = await client.query(
    `update identity.passkey set sign_count = $2, backed_up = $3, last_used_at = $4
     where id = $1 and removed_at is null and (sign_count < $2 or (sign_count = 0 and $2 = 0))`,
    [passkeyId, signCount, backedUp, new Date(clock())],
  );
  if (rowCount === 1) return;
  const { rows } = await client.query<{ sign_count: string }>(
    'select sign_count from identity.passkey where id = $1 and removed_at is null',
    [passkeyId],
  );
  const [live] = rows;
  throw live === undefined
    ? new PlatformError('passkey_refused')
    : new PasskeyRegression(Number(live.sign_count), signCount);
}

/** A signature counter that went back. To the user it is a refusal like any other. */
export class PasskeyRegression extends PlatformError {
  readonly stored: number;
  readonly presented: number;

  constructor(stored: number, presented: number) {
    super('passkey_refused');
    this.stored = stored;
    this.presented = presented;
  }
}

/** Runs the transaction that accepts a passkey; a regression, which it rolls back, is written down beside it. */
export async function auditingRegression<Result>(
  factors: FactorDependencies,
  { verified, device }: { verified: VerifiedPasskey; device: Device },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PasskeyRegression) {
      await recordEvent(factors, factors.pool, {
        accountId: verified.accountId,
        action: 'passkey.regress',
        targetType: 'identity.passkey',
        targetId: verified.passkeyId,
        detail: { stored: error.stored, presented: error.presented },
        request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
      });
    }
    throw error;
  }
}

type PasskeyRow = { id: string; account_id: string; public_key: Buffer; backup_eligible: boolean };

async function findPasskey(
  { pool }: FactorDependencies,
  { response, use }: { response: PasskeyAssertion; use: ChallengeUse },
): Promise<PasskeyRow | undefined> {
  const { rows } = await pool.query<PasskeyRow>(
    `select id, account_id, public_key, backup_eligible from identity.passkey
     where credential_id = $1 and removed_at is null and account_id = coalesce($2, account_id)`,
    [Buffer.from(response.id, 'base64url'), 'accountId' in use ? use.accountId : null],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { userHandle } = response.response;
  // Section 7.2 step 6: where nobody was named, the authenticator has to say whose it is.
  if (userHandle === undefined) return use.purpose === 'sign_in' ? undefined : row;
  return namesAccount(userHandle, row.account_id) ? row : undefined;
}
