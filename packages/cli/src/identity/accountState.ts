import { CommandFailure, errorCode, usageFailure } from '../command-line/failure.ts';

type Queries = { query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }> };

export type AccountRequest = { readonly email: string; readonly reason: string; readonly at: Date };

/**
 * Disables an account and ends its sessions.
 *
 * @param client connected as bulkhead_owner; no other role may
 * @throws CommandFailure account_enabled: there is no enabled account with the address
 */
export async function disableAccount(
  client: Queries,
  request: AccountRequest,
): Promise<{ sessionsEnded: number }> {
  const { email, reason, at } = checked(request);
  const text = 'select identity.disable_account($1, $2, $3) as answer';
  return { sessionsEnded: Number(await ask(client, text, [email, reason, at])) };
}

/** Lets a disabled account sign in again. @throws CommandFailure account_disabled: there is no disabled one */
export async function enableAccount(client: Queries, request: AccountRequest): Promise<void> {
  const { email, reason } = checked(request);
  await ask(client, 'select identity.enable_account($1, $2) as answer', [email, reason]);
}

/** Releases an account from lockout. @throws CommandFailure account_known: there is no account with the address */
export async function unlockAccount(
  client: Queries,
  request: AccountRequest,
): Promise<{ failuresReleased: number }> {
  const { email, reason, at } = checked(request);
  const text = 'select identity.unlock_account($1, $2, $3) as answer';
  return { failuresReleased: Number(await ask(client, text, [email, reason, at])) };
}

/**
 * Removes all factors and recovery codes of an account and ends its sessions.
 *
 * @throws CommandFailure account_known: there is no account with the address
 */
export async function resetFactors(
  client: Queries,
  request: AccountRequest,
): Promise<{ factorsRemoved: number }> {
  const { email, reason, at } = checked(request);
  const text = 'select identity.reset_factors($1, $2, $3) as answer';
  return { factorsRemoved: Number(await ask(client, text, [email, reason, at])) };
}

function checked(request: AccountRequest): AccountRequest {
  checkReason(request.reason);
  return request;
}

/** @throws CommandFailure usage: an entry without a reason helps nobody who reads it later */
export function checkReason(reason: string): void {
  const { length } = reason.trim();
  if (length < 10 || length > 500) throw usageFailure('--reason takes 10 to 500 characters.');
}

/**
 * The `answer` of a statement that calls a function of the identity schema.
 *
 * @throws CommandFailure with the constraint as code, where the function refuses what was asked (22023)
 */
export async function ask(client: Queries, text: string, values: unknown[]): Promise<unknown> {
  try {
    const { rows } = await client.query(text, values);
    return rows[0]?.['answer'];
  } catch (error) {
    if (errorCode(error) !== '22023' || !(error instanceof Error)) throw error;
    const { constraint, hint } = error as { constraint?: string; hint?: string };
    const said = error.message.charAt(0).toUpperCase() + error.message.slice(1);
    throw new CommandFailure(constraint ?? 'account_refused', `${said}.`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
