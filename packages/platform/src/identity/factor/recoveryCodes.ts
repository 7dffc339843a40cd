import type { ClientBase } from 'pg';
import { randomUuid } from '../../random.ts';
import type { FactorDependencies } from './dependencies.ts';
import { createRecoveryCode, hashRecoveryCode, recoveryCodeCount } from './recoveryCode.ts';

type Within = { client: ClientBase; accountId: string };

/** Withdraws an account's codes and issues ten new ones, which are returned once and stored nowhere. */
export async function issueRecoveryCodes(
  { randomBytes, clock }: Pick<FactorDependencies, 'randomBytes' | 'clock'>,
  { client, accountId }: Within,
): Promise<string[]> {
  await withdrawRecoveryCodes({ clock }, { client, accountId });
  const codes = Array.from({ length: recoveryCodeCount }, () => createRecoveryCode(randomBytes));
  await client.query(
    `insert into identity.recovery_code (id, account_id, code_hash, created_at)
     select code.id, $1, code.hash, $4 from unnest($2::uuid[], $3::bytea[]) code (id, hash)`,
    [
      accountId,
      codes.map(() => randomUuid(randomBytes)),
      codes.map((code) => hashRecoveryCode(accountId, code)),
      new Date(clock()),
    ],
  );
  return codes;
}

export async function withdrawRecoveryCodes(
  { clock }: Pick<FactorDependencies, 'clock'>,
  { client, accountId }: Within,
): Promise<void> {
  await client.query(
    `update identity.recovery_code set withdrawn_at = $2
     where account_id = $1 and used_at is null and withdrawn_at is null`,
    [accountId, new Date(clock())],
  );
}

/** Spends a code. False when it is none of the account's, or was spent or withdrawn: of two at once, one is true. */
export async function spendRecoveryCode(
  { clock }: Pick<FactorDependencies, 'clock'>,
  { client, accountId, code }: Within & { code: string },
): Promise<boolean> {
  const hash = hashRecoveryCode(accountId, code);
  if (hash === null) return false;
  const { rowCount } = await client.query(
    `update identity.recovery_code set used_at = $3
     where account_id = $1 and code_hash = $2 and used_at is null and withdrawn_at is null`,
    [accountId, hash, new Date(clock())],
  );
  return rowCount === 1;
}

export async function countRecoveryCodes(
  database: Pick<ClientBase, 'query'>,
  accountId: string,
): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from identity.recovery_code
     where account_id = $1 and used_at is null and withdrawn_at is null`,
    [accountId],
  );
  return rows[0]?.count ?? 0;
}
