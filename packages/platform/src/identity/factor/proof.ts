import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import type { Device } from '../session.ts';
import { announceFactor } from './announce.ts';
import type { FactorDependencies } from './dependencies.ts';
import { acceptPasskey, type VerifiedPasskey } from './passkeyProof.ts';
import type { PasskeyAssertion } from './passkeyResponse.ts';
import { spendRecoveryCode } from './recoveryCodes.ts';
import { proveTotp } from './totpFactor.ts';

/** A factor as its owner presents it. */
export type FactorProof =
  | { kind: 'totp'; code: string }
  | { kind: 'recovery_code'; code: string }
  | { kind: 'passkey'; response: PasskeyAssertion };

/** The same once an authenticator's answer was verified. */
export type CheckedProof =
  | Exclude<FactorProof, { kind: 'passkey' }>
  | { kind: 'passkey'; verified: VerifiedPasskey };

/**
 * Honours a factor within a transaction: what is used up in it is used up when the transaction commits, and only then.
 *
 * @returns RFC 8176 amr values
 * @throws PlatformError code_refused, passkey_refused
 */
export async function honourFactor(
  factors: FactorDependencies,
  {
    client,
    accountId,
    device,
    proof,
  }: { client: ClientBase; accountId: string; device: Device; proof: CheckedProof },
): Promise<string[]> {
  switch (proof.kind) {
    case 'totp':
      if (!(await proveTotp(factors, { client, accountId, code: proof.code }))) {
        throw new PlatformError('code_refused');
      }
      return ['otp', 'mfa'];
    case 'recovery_code':
      if (!(await spendRecoveryCode(factors, { client, accountId, code: proof.code }))) {
        throw new PlatformError('code_refused');
      }
      await announceFactor(factors, client, { accountId, device, change: 'spend', kind: 'recovery_code' });
      return ['recovery', 'mfa'];
    case 'passkey':
      await acceptPasskey(factors, client, proof.verified);
      return proof.verified.methods;
  }
}
