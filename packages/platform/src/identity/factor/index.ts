/** What somebody has beside a password: authenticator apps, passkeys, recovery codes; and proving anew with them. */
export type { AddedFactor } from './added.ts';
export type { FactorActor } from './announce.ts';
export { twoFactors } from './methods.ts';
export type { FactorDependencies, RelyingParty } from './dependencies.ts';
export {
  factorKinds,
  factorLimit,
  listFactors,
  removeFactor,
  renameFactor,
  replaceRecoveryCodes,
  type Factor,
  type FactorList,
} from './factors.ts';
export { passkeySignInOptions, signInWithPasskey } from './passkeySignIn.ts';
export type { PasskeyAssertion, PasskeyRegistration } from './passkeyResponse.ts';
export type { FactorProof } from './proof.ts';
export { purgeChallenges } from './purge.ts';
export { addPasskey, passkeyCreationOptions } from './registerPasskey.ts';
export {
  completeFactor,
  readPendingSignIn,
  secondFactorPasskeyOptions,
  secondFactorRule,
  type SecondFactor,
} from './secondFactor.ts';
export {
  assertFreshProof,
  stepUp,
  stepUpPasskeyOptions,
  StepUpRequired,
  stepUpWays,
  type StepUpProof,
  type StepUpWay,
} from './stepUp.ts';
export type { SteppingSession } from './raiseSession.ts';
export { addTotp, confirmTotp, type TotpEnrolment } from './totpFactor.ts';
