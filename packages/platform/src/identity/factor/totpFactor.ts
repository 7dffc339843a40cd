import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { parseName } from '../../name.ts';
import { randomUuid } from '../../random.ts';
import { inTransaction } from '../../transaction.ts';
import { addingFactor, concludeAdding, type AddedFactor } from './added.ts';
import type { FactorDependencies } from './dependencies.ts';
import { announceFactor, type FactorActor } from './announce.ts';
import { assertRoomForFactor, holdAccount } from './factors.ts';
import { createTotpSecret, matchTotpStep, totpAddress, totpSecretText } from './totp.ts';

/** How long a shown secret may wait for its first code. */
const enrolmentLife = 15 * 60_000;

export type TotpEnrolment = {
  factorId: string;
  /** Base32, for typing. */
  secret: string;
  /** `otpauth:` address, for a QR code. */
  address: string;
};

/**
 * Begins to add an authenticator app: makes a secret and shows it this once. It counts for nothing until a code proves
 * that the app has it; an earlier one that was never confirmed is dropped.
 *
 * @throws PlatformError factor_limit, input_invalid
 */
export async function addTotp(
  factors: FactorDependencies,
  { accountId, label }: { accountId: string; label: string },
): Promise<TotpEnrolment> {
  const name = parseName(label, 'label');
  const factorId = randomUuid(factors.randomBytes);
  const secret = createTotpSecret(factors.randomBytes);
  const now = new Date(factors.clock());
  const email = await inTransaction(factors.pool, async (client) => {
    const account = await holdAccount(client, accountId);
    await client.query(
      `update identity.totp_factor set removed_at = $2, secret_encrypted = null
       where account_id = $1 and confirmed_at is null and removed_at is null`,
      [accountId, now],
    );
    await assertRoomForFactor(client, accountId);
    await client.query(
      `insert into identity.totp_factor (id, account_id, label, secret_encrypted, created_at)
       values ($1, $2, $3, $4, $5)`,
      [factorId, accountId, name, factors.cipher.encrypt(secret, binding(factorId)), now],
    );
    return account.email;
  });
  const address = totpAddress(secret, { issuer: factors.serviceName, label: email });
  return { factorId, secret: totpSecretText(secret), address };
}

/**
 * Confirms an authenticator app by its first code.
 *
 * @throws PlatformError code_refused, factor_missing
 */
export async function confirmTotp(
  factors: FactorDependencies,
  { actor, factorId, code }: { actor: FactorActor; factorId: string; code: string },
): Promise<AddedFactor> {
  const { accountId } = actor;
  const now = factors.clock();
  return addingFactor(factors, accountId, () =>
    inTransaction(factors.pool, async (client) => {
      await holdAccount(client, accountId);
      const { rows } = await client.query<TotpRow & { label: string }>(
        `select id, secret_encrypted, label from identity.totp_factor
       where id = $1 and account_id = $2 and confirmed_at is null and removed_at is null and created_at > $3`,
        [factorId, accountId, new Date(now - enrolmentLife)],
      );
      const found = rows[0];
      if (found === undefined) throw new PlatformError('factor_missing');
      const step = matchTotpStep(open(factors, found), code, now);
      if (step === null) throw new PlatformError('code_refused');
      await client.query(
        `update identity.totp_factor set confirmed_at = $2, last_used_at = $2, last_step = $3
       where id = $1 and confirmed_at is null`,
        [factorId, new Date(now), step],
      );
      await announceFactor(factors, client, {
        ...actor,
        change: 'add',
        kind: 'totp',
        factorId,
        label: found.label,
      });
      return concludeAdding(factors, client, { actor, factorId, methods: ['otp', 'mfa'] });
    }),
  );
}

/**
 * Accepts a code of any of the account's confirmed apps. The statement that accepts it is the one that refuses it the
 * second time: of two redemptions at once, one is true.
 */
export async function proveTotp(
  factors: Pick<FactorDependencies, 'cipher' | 'clock'>,
  { client, accountId, code }: { client: ClientBase; accountId: string; code: string },
): Promise<boolean> {
  const now = factors.clock();
  const { rows } = await client.query<TotpRow>(
    `select id, secret_encrypted from identity.totp_factor
     where account_id = $1 and confirmed_at is not null and removed_at is null order by created_at, id`,
    [accountId],
  );
  for (const row of rows) {
    const step = matchTotpStep(open(factors, row), code, now);
    if (step === null) continue;
    // oxlint-disable-next-line no-await-in-loop -- the first that accepts it is the one
    const { rowCount } = await client.query(
      `update identity.totp_factor set last_step = $2, last_used_at = $3
       where id = $1 and last_step < $2 and removed_at is null`,
      [row.id, step, new Date(now)],
    );
    if (rowCount === 1) return true;
  }
  return false;
}

type TotpRow = { id: string; secret_encrypted: Buffer };

function binding(factorId: string): string[] {
  return ['identity.totp_factor', factorId, 'secret'];
}

function open({ cipher }: Pick<FactorDependencies, 'cipher'>, row: TotpRow): Buffer {
  return cipher.decrypt(row.secret_encrypted, binding(row.id));
}
