/** Who somebody is: accounts, passwords, sessions. */
export {
  defaultLifetimes,
  identityDependencies,
  type IdentityDependencies,
  type IdentityOptions,
  type SessionLifetimes,
} from './dependencies.ts';
export { completeSignIn, type SignInOutcome } from './completeSignIn.ts';
export { parseEmail, type EmailAddress } from './email.ts';
export { requestEmailVerification, verifyEmail, type VerificationRequest } from './emailVerification.ts';
export {
  answerRequests,
  changePassword,
  confirmSignUp,
  mailNotices,
  purgeLinks,
  redeemEmailChange,
  redeemMagicLink,
  redeemPasswordReset,
  requestEmailChange,
  requestMagicLink,
  requestPasswordReset,
  requestSignUp,
  sendEmailVerification,
  undoEmailChange,
  type LinkDependencies,
} from './links/index.ts';
export {
  owaspCost,
  PasswordHasher,
  type PasswordCost,
  type PasswordHasherOptions,
} from './passwordHasher.ts';
export {
  noBreachedPasswords,
  PasswordRanges,
  type BreachedPasswords,
  type PasswordRangesOptions,
  type UnaskedPasswords,
} from './breachedPasswords.ts';
export { acceptablePassword, type PasswordContext } from './passwordPolicy.ts';
export { readSession, readSessionById } from './readSession.ts';
export type { Device, Membership, OrganisationRole, Session, StartedSession } from './session.ts';
export {
  noNotices,
  type FactorNotice,
  type LockNotice,
  type NewDeviceNotice,
  type Notices,
} from './notices.ts';
export type { AttemptAccount, FactorKind, FirstProof, SignInAttempt, SignInVerdict } from './signInRule.ts';
export type { SignInDecision, SignInRule } from './dependencies.ts';
export {
  beginSignIn,
  failSignIn,
  lockWindow,
  releaseSignIn,
  withdrawSignIn,
  type CountedAttempt,
} from './lockout.ts';
export { SessionCache, type SessionCacheOptions } from './sessionCache.ts';
export { signIn, type SignIn } from './signIn.ts';
export { endSessions, type EndedReason, type EndSessions } from './endSessions.ts';
export { listSessions, type DeviceSession } from './device.ts';
export { deviceLabel } from './deviceLabel.ts';
export { endOtherSessions, signOut } from './signOut.ts';
export { signUp, type SignedUp, type SignUp } from './signUp.ts';
export { recordEvent } from './event.ts';
export type { IdentityEvent } from './event.ts';
