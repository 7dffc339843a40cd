/** Links by mail: each of one type, good once, consumed in the transaction that honours it. */
export { answerRequests, purgeLinks } from './answer.ts';
export type { LinkDependencies } from './dependencies.ts';
export { redeemEmailChange, requestEmailChange, undoEmailChange } from './emailChange.ts';
export { sendEmailVerification } from './emailVerification.ts';
export { inviteLetter } from './letters.ts';
export { redeemMagicLink, requestMagicLink } from './magicLink.ts';
export { mailNotices } from './notices.ts';
export { changePassword, redeemPasswordReset, requestPasswordReset } from './password.ts';
export { confirmSignUp, requestSignUp, type SignUpConfirmation, type SignUpRequest } from './signUp.ts';
export { linkLifetimes, type LinkType } from './token.ts';
