import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { inTransaction } from '../../transaction.ts';
import { completeSignIn, type SignInOutcome } from '../completeSignIn.ts';
import type { Device } from '../session.ts';
import type { PasskeyAssertion } from './passkeyResponse.ts';
import { twoFactors } from './methods.ts';
import type { FactorDependencies } from './dependencies.ts';
import { acceptPasskey, auditingRegression, passkeyRequestOptions, verifyPasskey } from './passkeyProof.ts';

/**
 * Asks for any passkey of this service. Takes no user name, so there is nothing it could tell about one (AUT-12).
 *
 * @throws PlatformError passkey_unavailable
 */
export function passkeySignInOptions(
  factors: FactorDependencies,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return passkeyRequestOptions(factors, { purpose: 'sign_in' });
}

/**
 * Signs in with a passkey alone: something held, and the person verified by the device that holds it, are two factors.
 *
 * @throws PlatformError passkey_refused, and what `completeSignIn` does
 */
export async function signInWithPasskey(
  factors: FactorDependencies,
  { response, device }: { response: PasskeyAssertion; device: Device },
): Promise<SignInOutcome> {
  const verified = await verifyPasskey(factors, { response, use: { purpose: 'sign_in' } });
  const { accountId, methods } = verified;
  return auditingRegression(factors, { verified, device }, () =>
    inTransaction(factors.pool, async (client) => {
      await acceptPasskey(factors, client, verified);
      const attempt = { accountId, device, methods, verifiedBy: 'passkey', acr: twoFactors } as const;
      return completeSignIn(factors, attempt, client);
    }),
  );
}
