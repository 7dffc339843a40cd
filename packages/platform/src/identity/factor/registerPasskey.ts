import {
  generateRegistrationOptions,
  verifyRegistrationResponse,
  type PublicKeyCredentialCreationOptionsJSON,
  type VerifiedRegistrationResponse,
} from '@simplewebauthn/server';
import type { ClientBase } from 'pg';
import { PlatformError, translating } from '../../errors.ts';
import { parseName } from '../../name.ts';
import { randomUuid } from '../../random.ts';
import { inTransaction } from '../../transaction.ts';
import { addingFactor, concludeAdding, type AddedFactor } from './added.ts';
import { announceFactor, type FactorActor } from './announce.ts';
import { readChallenge } from './clientData.ts';
import type { FactorDependencies } from './dependencies.ts';
import { assertRoomForFactor, holdAccount } from './factors.ts';
import { challengeLife, issueChallenge, spendChallenge } from './passkeyChallenge.ts';
import { passkeyMethods } from './methods.ts';
import { toRegistrationResponse, type PasskeyRegistration } from './passkeyResponse.ts';
import { userHandleOf } from './userHandle.ts';

/** Ed25519, ES256, RS256 (IANA COSE numbers): what authenticators have, and nothing older. */
const algorithms = [-8, -7, -257];

type Registrant = { accountId: string; sessionId: string };

/**
 * Asks the browser to make a passkey: discoverable, with the person verified by the device, without attestation, and
 * not on an authenticator that has one for this account already. Answered within five minutes in the same session.
 *
 * @throws PlatformError account_missing, account_disabled, factor_limit, passkey_unavailable
 */
export async function passkeyCreationOptions(
  factors: FactorDependencies,
  { accountId, sessionId }: Registrant,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const party = factors.relyingParty();
  const { account, known } = await inTransaction(factors.pool, async (client) => {
    const held = await holdAccount(client, accountId);
    await assertRoomForFactor(client, accountId);
    return { account: held, known: await credentialsOf(client, accountId) };
  });
  const challenge = await issueChallenge(factors, { purpose: 'register', accountId, sessionId });
  return generateRegistrationOptions({
    rpName: factors.serviceName,
    rpID: party.id,
    userName: account.email,
    userDisplayName: account.name,
    userID: userHandleOf(accountId),
    challenge: new Uint8Array(challenge),
    timeout: challengeLife,
    attestationType: 'none',
    excludeCredentials: known,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  });
}

/**
 * Adds the passkey the browser made.
 *
 * @throws PlatformError passkey_refused, passkey_exists, factor_limit, input_invalid
 */
export async function addPasskey(
  factors: FactorDependencies,
  input: { actor: FactorActor & { sessionId: string }; label: string; response: PasskeyRegistration },
): Promise<AddedFactor> {
  const { actor, response } = input;
  const label = parseName(input.label, 'label');
  const { accountId, sessionId } = actor;
  const challenge = readChallenge(response.response.clientDataJSON);
  const use = { purpose: 'register', accountId, sessionId } as const;
  if (!(await spendChallenge(factors, factors.pool, { challenge, use }))) {
    throw new PlatformError('passkey_refused');
  }
  const registered = await verify(factors, { response, challenge });
  const factorId = randomUuid(factors.randomBytes);
  const add = () =>
    inTransaction(factors.pool, async (client) => {
      await holdAccount(client, accountId);
      await assertRoomForFactor(client, accountId);
      await insert(client, { factorId, accountId, label, registered, at: new Date(factors.clock()) });
      await announceFactor(factors, client, { ...actor, change: 'add', kind: 'passkey', factorId, label });
      const methods = passkeyMethods(registered.credentialDeviceType === 'multiDevice');
      return concludeAdding(factors, client, { actor, factorId, methods });
    });
  return addingFactor(factors, accountId, () =>
    translating({ passkey_credential_unique: 'passkey_exists' }, add),
  );
}

type Registered = NonNullable<VerifiedRegistrationResponse['registrationInfo']>;

async function verify(
  factors: FactorDependencies,
  { response, challenge }: { response: PasskeyRegistration; challenge: Buffer },
): Promise<Registered> {
  const party = factors.relyingParty();
  const verified = await verifyRegistrationResponse({
    response: toRegistrationResponse(response),
    expectedChallenge: challenge.toString('base64url'),
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  }).catch((cause: unknown) => {
    throw new PlatformError('passkey_refused', { cause });
  });
  if (!verified.verified) throw new PlatformError('passkey_refused');
  return verified.registrationInfo;
}

type Insertion = { factorId: string; accountId: string; label: string; registered: Registered; at: Date };

async function insert(
  client: ClientBase,
  { factorId, accountId, label, registered, at }: Insertion,
): Promise<void> {
  const { credential, credentialDeviceType, credentialBackedUp } = registered;
  await client.query(
    `insert into identity.passkey (id, account_id, label, credential_id, public_key, sign_count, backup_eligible,
       backed_up, transports, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      factorId,
      accountId,
      label,
      Buffer.from(credential.id, 'base64url'),
      Buffer.from(credential.publicKey),
      credential.counter,
      credentialDeviceType === 'multiDevice',
      credentialBackedUp,
      credential.transports ?? [],
      at,
    ],
  );
}

/** For `excludeCredentials` and `allowCredentials`. */
export async function credentialsOf(
  database: Pick<ClientBase, 'query'>,
  accountId: string,
): Promise<{ id: string; transports: string[] }[]> {
  const { rows } = await database.query<{ credential_id: Buffer; transports: string[] }>(
    `select credential_id, transports from identity.passkey
     where account_id = $1 and removed_at is null order by created_at, id`,
    [accountId],
  );
  return rows.map((row) => ({ id: row.credential_id.toString('base64url'), transports: row.transports }));
}
