import {
  changePassword,
  confirmSignUp,
  redeemEmailChange,
  redeemMagicLink,
  redeemPasswordReset,
  requestEmailChange,
  requestMagicLink,
  requestPasswordReset,
  requestSignUp,
  sendEmailVerification,
  undoEmailChange,
  verifyEmail,
} from '@bulkhead/platform/identity';
import type { LinkDependencies } from '@bulkhead/platform/identity';
import { requireMailer } from '@bulkhead/platform/mail';
import { implement } from '@orpc/server';
import * as contract from '../contract/link.ts';
import { endFlowCookie, magicLinkCookie, setFlowCookie, signUpCookie } from '../mail/cookies.ts';
import type { PublicContext, SignedInContext } from '../rpc/context.ts';
import { answerSignIn, deviceOf } from '../session/begin.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Links by mail: asking for them, and what they do. */
export function linkHandlers(dependencies: HandlerDependencies) {
  const { identity, mailer } = dependencies;
  // Asked for at each call: a server without mail serves everything else, and says so to whoever asks for a link.
  const links = (): LinkDependencies => ({ ...identity, mailer: requireMailer(mailer) });
  return {
    signUp: signUpHandlers(dependencies, links),
    passwordReset: passwordResetHandlers(links),
    magicLink: magicLinkHandlers(dependencies, links),
    emailVerification: emailVerificationHandlers(dependencies, links),
    emailChange: emailChangeHandlers(links),
    password: passwordHandlers(links),
  };
}

type Links = () => LinkDependencies;

function signUpHandlers(dependencies: HandlerDependencies, links: Links) {
  const anybody = implement(contract.signUpContract).$context<PublicContext>();
  return {
    request: anybody.request.handler(async ({ input, context: { scope } }) => {
      const { browser } = await requestSignUp(links(), input);
      scope.cookies.push(setFlowCookie(signUpCookie, browser));
      return {};
    }),
    confirm: anybody.confirm.handler(async ({ input, context: { scope } }) => {
      const browser = scope.cookie(signUpCookie.name);
      const { signIn } = await confirmSignUp(links(), { ...input, browser, device: deviceOf(scope) });
      scope.cookies.push(endFlowCookie(signUpCookie));
      return answerSignIn(dependencies, scope, signIn);
    }),
  };
}

function passwordResetHandlers(links: Links) {
  const anybody = implement(contract.passwordResetContract).$context<PublicContext>();
  return {
    request: anybody.request.handler(async ({ input }) => {
      await requestPasswordReset(links(), input);
      return {};
    }),
    redeem: anybody.redeem.handler(async ({ input, context: { scope } }) => {
      await redeemPasswordReset(links(), { ...input, device: deviceOf(scope) });
      return {};
    }),
  };
}

function magicLinkHandlers(dependencies: HandlerDependencies, links: Links) {
  const anybody = implement(contract.magicLinkContract).$context<PublicContext>();
  return {
    request: anybody.request.handler(async ({ input, context: { scope } }) => {
      const { browser } = await requestMagicLink(links(), input);
      scope.cookies.push(setFlowCookie(magicLinkCookie, browser));
      return {};
    }),
    redeem: anybody.redeem.handler(async ({ input, context: { scope } }) => {
      const browser = scope.cookie(magicLinkCookie.name);
      const outcome = await redeemMagicLink(links(), { ...input, browser, device: deviceOf(scope) });
      scope.cookies.push(endFlowCookie(magicLinkCookie));
      return answerSignIn(dependencies, scope, outcome);
    }),
  };
}

function emailVerificationHandlers({ identity }: HandlerDependencies, links: Links) {
  const anybody = implement(contract.emailVerificationContract).$context<PublicContext>();
  const signedIn = implement(contract.emailVerificationContract).$context<SignedInContext>();
  return {
    request: signedIn.request.handler(async ({ context }) => {
      await sendEmailVerification(links(), { accountId: context.signedIn.account.id });
      return {};
    }),
    redeem: anybody.redeem.handler(async ({ input }) => {
      await verifyEmail(identity, input.token);
      return {};
    }),
  };
}

function emailChangeHandlers(links: Links) {
  const anybody = implement(contract.emailChangeContract).$context<PublicContext>();
  const signedIn = implement(contract.emailChangeContract).$context<SignedInContext>();
  return {
    request: signedIn.request.handler(async ({ input, context }) => {
      const { account, authenticatedAt } = context.signedIn;
      const device = deviceOf(context.scope);
      await requestEmailChange(links(), { ...input, accountId: account.id, authenticatedAt, device });
      return {};
    }),
    redeem: signedIn.redeem.handler(async ({ input, context }) => {
      const { account, id: sessionId } = context.signedIn;
      const device = deviceOf(context.scope);
      return redeemEmailChange(links(), { ...input, accountId: account.id, sessionId, device });
    }),
    undo: anybody.undo.handler(async ({ input, context: { scope } }) => {
      await undoEmailChange(links(), { ...input, device: deviceOf(scope) });
      return {};
    }),
  };
}

function passwordHandlers(links: Links) {
  const signedIn = implement(contract.passwordContract).$context<SignedInContext>();
  return {
    change: signedIn.change.handler(async ({ input, context }) => {
      const { account, id: sessionId } = context.signedIn;
      const device = deviceOf(context.scope);
      await changePassword(links(), { ...input, accountId: account.id, sessionId, device });
      return {};
    }),
  };
}
