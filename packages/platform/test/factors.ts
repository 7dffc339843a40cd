import { generateSync } from 'otplib';
import { signIn } from '../src/identity/index.ts';
import {
  addPasskey,
  addTotp,
  confirmTotp,
  passkeyCreationOptions,
  secondFactorRule,
  type FactorDependencies,
} from '../src/identity/factor/index.ts';
import { SoftAuthenticator, type Behaviour } from './authenticator.ts';
import { goodPassword, signedIn, type Fixture, type Person } from './fixture.ts';

export const origin = 'https://app.example.com';

/** The factor slice on a fixture's database, with its rule for second factors in force. */
export function factorsOf(fixture: Fixture, replaced: Partial<FactorDependencies> = {}): FactorDependencies {
  return {
    ...fixture.identity,
    signInRules: [secondFactorRule],
    relyingParty: () => ({ id: 'app.example.com', origin }),
    serviceName: 'Bulkhead',
    stepUpWithin: 10 * 60_000,
    ...replaced,
  };
}

/** What an authenticator app shows for a secret at an instant. */
export function codeAt(secret: string, now: number): string {
  return generateSync({ secret, epoch: Math.floor(now / 1000) });
}

/** Someone with an authenticator app, which has used the present step up. */
export async function withTotp(
  factors: FactorDependencies,
  { accountId }: Pick<Person, 'accountId'>,
): Promise<{ factorId: string; secret: string; recoveryCodes: string[] }> {
  const { factorId, secret } = await addTotp(factors, { accountId, label: 'Phone' });
  const { recoveryCodes } = await confirmTotp(factors, {
    actor: { accountId, device: {} },
    factorId,
    code: codeAt(secret, factors.clock()),
  });
  return { factorId, secret, recoveryCodes: recoveryCodes ?? [] };
}

/** A live session of a person who has no factor yet. */
export async function sessionOf(factors: FactorDependencies, { email }: Pick<Person, 'email'>) {
  return signedIn({ ...factors, signInRules: [] }, { email });
}

/** Someone with a passkey on an authenticator of their own. */
export async function withPasskey(
  factors: FactorDependencies,
  person: Pick<Person, 'accountId' | 'email'>,
  options: { synced?: boolean; registration?: Behaviour } = {},
) {
  const { accountId } = person;
  const { sessionId } = await sessionOf(factors, person);
  const authenticator = new SoftAuthenticator({ origin, synced: options.synced ?? false });
  const creation = await passkeyCreationOptions(factors, { accountId, sessionId });
  const response = authenticator.register(creation, options.registration);
  const actor = { accountId, device: {}, sessionId };
  const added = await addPasskey(factors, { actor, label: 'Laptop', response });
  return { authenticator, sessionId, creation, ...added };
}

/** The challenge that a password sign-in of somebody with a factor is answered with. */
export async function challengeOf(
  factors: FactorDependencies,
  { email }: Pick<Person, 'email'>,
): Promise<string> {
  const outcome = await signIn(factors, { email, password: goodPassword, device: {} });
  if (outcome.kind !== 'factor_required') throw new Error('no factor was asked for');
  return outcome.challenge;
}
