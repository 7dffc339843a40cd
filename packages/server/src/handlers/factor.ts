import {
  addPasskey,
  addTotp,
  confirmTotp,
  listFactors,
  passkeyCreationOptions,
  removeFactor,
  renameFactor,
  replaceRecoveryCodes,
} from '@bulkhead/platform/identity/factor';
import type { AddedFactor, Factor } from '@bulkhead/platform/identity/factor';
import { implement } from '@orpc/server';
import { factorContract } from '../contract/factor.ts';
import type { SignedInContext } from '../rpc/context.ts';
import { deviceOf, setSessionCookies } from '../session/begin.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** A person's own factors. Whose, says the session; no input does. */
export function factorHandlers({ factors }: Pick<HandlerDependencies, 'factors'>) {
  const signedIn = implement(factorContract).$context<SignedInContext>();
  const handOver = ({ scope }: SignedInContext, { factorId, recoveryCodes, session }: AddedFactor) => {
    if (session !== null) setSessionCookies(factors, scope, session);
    return { id: factorId, recoveryCodes };
  };
  return {
    list: signedIn.list.handler(async ({ context }) => {
      const { factors: held, recoveryCodesLeft } = await listFactors(factors, accountOf(context));
      return { factors: held.map(toFactor), recoveryCodesLeft };
    }),
    addTotp: signedIn.addTotp.handler(async ({ input, context }) => {
      const { label } = input;
      const { factorId, ...shown } = await addTotp(factors, { accountId: accountOf(context), label });
      return { id: factorId, ...shown };
    }),
    confirmTotp: signedIn.confirmTotp.handler(async ({ input: { id: factorId, code }, context }) =>
      handOver(context, await confirmTotp(factors, { actor: actorOf(context), factorId, code })),
    ),
    passkeyOptions: signedIn.passkeyOptions.handler(({ context }) =>
      passkeyCreationOptions(factors, { accountId: accountOf(context), sessionId: context.signedIn.id }),
    ),
    addPasskey: signedIn.addPasskey.handler(async ({ input, context }) =>
      handOver(context, await addPasskey(factors, { actor: actorOf(context), ...input })),
    ),
    rename: signedIn.rename.handler(async ({ input: { id: factorId, label }, context }) => {
      await renameFactor(factors, { accountId: accountOf(context), factorId, label });
      return {};
    }),
    remove: signedIn.remove.handler(async ({ input, context }) => {
      await removeFactor(factors, { actor: actorOf(context), factorId: input.id });
      return {};
    }),
    replaceRecoveryCodes: signedIn.replaceRecoveryCodes.handler(async ({ context }) => ({
      recoveryCodes: await replaceRecoveryCodes(factors, actorOf(context)),
    })),
  };
}

function accountOf({ signedIn }: SignedInContext): string {
  return signedIn.account.id;
}

function actorOf(context: SignedInContext) {
  return { accountId: accountOf(context), sessionId: context.signedIn.id, device: deviceOf(context.scope) };
}

function toFactor({ createdAt, lastUsedAt, ...factor }: Factor) {
  return { ...factor, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null };
}
