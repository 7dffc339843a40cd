import type { ClientBase } from 'pg';
import type { StartedSession } from '../session.ts';
import type { FactorActor } from './announce.ts';
import type { FactorDependencies } from './dependencies.ts';
import { raiseSession } from './raiseSession.ts';
import { countRecoveryCodes, issueRecoveryCodes } from './recoveryCodes.ts';

export type AddedFactor = {
  factorId: string;
  /** Given this once, when the account had none. */
  recoveryCodes: string[] | null;
  /** The session in which it was added, now proved with it, under a new token. Null where there is none. */
  session: StartedSession | null;
};

/** What every kind of factor ends its adding with: recovery codes if there are none, and the session raised. */
export async function concludeAdding(
  factors: FactorDependencies,
  client: ClientBase,
  { actor, factorId, methods }: { actor: FactorActor; factorId: string; methods: readonly string[] },
): Promise<AddedFactor> {
  const { accountId, sessionId } = actor;
  const left = await countRecoveryCodes(client, accountId);
  const recoveryCodes = left === 0 ? await issueRecoveryCodes(factors, { client, accountId }) : null;
  if (sessionId === undefined) return { factorId, recoveryCodes, session: null };
  const raised = { id: sessionId, account: { id: accountId, operator: false } };
  return {
    factorId,
    recoveryCodes,
    session: await raiseSession(factors, client, { session: raised, methods }),
  };
}

/** Runs the transaction that adds a factor; what was cached of the account's sessions is out of date after it. */
export async function addingFactor(
  { sessions }: FactorDependencies,
  accountId: string,
  work: () => Promise<AddedFactor>,
): Promise<AddedFactor> {
  try {
    return await work();
  } finally {
    sessions.forgetAccount(accountId);
  }
}
