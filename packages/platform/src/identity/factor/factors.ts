import type { ClientBase, Pool } from 'pg';
import { PlatformError } from '../../errors.ts';
import { parseName } from '../../name.ts';
import { inTransaction } from '../../transaction.ts';
import type { FactorKind } from '../signInRule.ts';
import { announceFactor, type FactorActor } from './announce.ts';
import type { FactorDependencies } from './dependencies.ts';
import { countRecoveryCodes, issueRecoveryCodes, withdrawRecoveryCodes } from './recoveryCodes.ts';

/** Authenticator apps and passkeys an account may have together. */
export const factorLimit = 20;

export type Factor = {
  id: string;
  kind: 'totp' | 'passkey';
  label: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  /** Passkey: whether it is synchronised between devices. Null for an authenticator app. */
  backedUp: boolean | null;
};

export type FactorList = { factors: Factor[]; recoveryCodesLeft: number };

type FactorRow = {
  id: string;
  kind: Factor['kind'];
  label: string;
  created_at: Date;
  last_used_at: Date | null;
  backed_up: boolean | null;
};

/** An account's confirmed factors, oldest first, and how many recovery codes it has left. */
export async function listFactors(
  { pool }: Pick<FactorDependencies, 'pool'>,
  accountId: string,
): Promise<FactorList> {
  const { rows } = await pool.query<FactorRow>(
    `select id, 'totp' as kind, label, created_at, last_used_at, null::boolean as backed_up
     from identity.totp_factor where account_id = $1 and confirmed_at is not null and removed_at is null
     union all
     select id, 'passkey', label, created_at, last_used_at, backed_up
     from identity.passkey where account_id = $1 and removed_at is null
     order by created_at, id`,
    [accountId],
  );
  const factors = rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    label: row.label,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    backedUp: row.backed_up,
  }));
  return { factors, recoveryCodesLeft: await countRecoveryCodes(pool, accountId) };
}

/** The kinds of factor an account can answer with; empty when it has none. */
export async function factorKinds(database: Pool | ClientBase, accountId: string): Promise<FactorKind[]> {
  const { rows } = await database.query<{ totp: boolean; passkey: boolean; recovery_code: boolean }>(
    `select
       exists (select from identity.totp_factor
         where account_id = $1 and confirmed_at is not null and removed_at is null) as totp,
       exists (select from identity.passkey where account_id = $1 and removed_at is null) as passkey,
       exists (select from identity.recovery_code
         where account_id = $1 and used_at is null and withdrawn_at is null) as recovery_code`,
    [accountId],
  );
  const held = rows[0];
  // A recovery code stands in for a factor; where there is none it opens nothing.
  if (held === undefined || !(held.totp || held.passkey)) return [];
  return (['totp', 'passkey', 'recovery_code'] as const).filter((kind) => held[kind]);
}

/** @throws PlatformError factor_missing, input_invalid */
export async function renameFactor(
  { pool }: Pick<FactorDependencies, 'pool'>,
  { accountId, factorId, label }: { accountId: string; factorId: string; label: string },
): Promise<void> {
  const name = parseName(label, 'label');
  for (const table of ['identity.totp_factor', 'identity.passkey']) {
    // oxlint-disable-next-line no-await-in-loop -- it is in one of the two
    const { rowCount } = await pool.query(
      `update ${table} set label = $3 where id = $1 and account_id = $2 and removed_at is null`,
      [factorId, accountId, name],
    );
    if (rowCount === 1) return;
  }
  throw new PlatformError('factor_missing');
}

/**
 * Removes an authenticator app or a passkey. With the last of them the recovery codes go too.
 *
 * @throws PlatformError factor_missing, password_needs_factor (it is the last, and the password too short without)
 */
export async function removeFactor(
  factors: FactorDependencies,
  { actor, factorId }: { actor: FactorActor; factorId: string },
): Promise<void> {
  const { accountId } = actor;
  await inTransaction(factors.pool, async (client) => {
    await holdAccount(client, accountId);
    const removed = await markRemoved(client, { accountId, factorId, at: new Date(factors.clock()) });
    await announceFactor(factors, client, { ...actor, change: 'remove', factorId, ...removed });
    const left = await factorKinds(client, accountId);
    if (left.length > 0) return;
    await assertPasswordAlone(client, accountId);
    await withdrawRecoveryCodes(factors, { client, accountId });
  });
}

/**
 * Replaces all recovery codes by ten new ones, shown this once.
 *
 * @throws PlatformError factor_missing: there is no factor they could stand in for
 */
export async function replaceRecoveryCodes(
  factors: FactorDependencies,
  actor: FactorActor,
): Promise<string[]> {
  const { accountId } = actor;
  return inTransaction(factors.pool, async (client) => {
    await holdAccount(client, accountId);
    const held = await factorKinds(client, accountId);
    if (held.length === 0) throw new PlatformError('factor_missing');
    await announceFactor(factors, client, { ...actor, change: 'replace', kind: 'recovery_code' });
    return issueRecoveryCodes(factors, { client, accountId });
  });
}

/**
 * Locks an account for the rest of the transaction: changes of its factors happen one after the other.
 *
 * @throws PlatformError account_missing, account_disabled
 */
export async function holdAccount(
  client: ClientBase,
  accountId: string,
): Promise<{ email: string; name: string }> {
  const { rows } = await client.query<{ email: string; name: string; disabled: boolean }>(
    `select email, name, disabled_at is not null as disabled from identity.account
     where id = $1 for no key update`,
    [accountId],
  );
  const account = rows[0];
  if (account === undefined) throw new PlatformError('account_missing');
  if (account.disabled) throw new PlatformError('account_disabled');
  return account;
}

async function assertPasswordAlone(client: ClientBase, accountId: string): Promise<void> {
  const { rowCount } = await client.query(
    'select from identity.password where account_id = $1 and needs_factor',
    [accountId],
  );
  if (rowCount !== 0) throw new PlatformError('password_needs_factor');
}

/** @throws PlatformError factor_limit */
export async function assertRoomForFactor(client: ClientBase, accountId: string): Promise<void> {
  const { rows } = await client.query<{ count: number }>(
    `select (select count(*) from identity.totp_factor where account_id = $1 and removed_at is null)::int
       + (select count(*) from identity.passkey where account_id = $1 and removed_at is null)::int as count`,
    [accountId],
  );
  if ((rows[0]?.count ?? 0) >= factorLimit) throw new PlatformError('factor_limit');
}

type Removal = { accountId: string; factorId: string; at: Date };

async function markRemoved(
  client: ClientBase,
  { accountId, factorId, at }: Removal,
): Promise<{ kind: Factor['kind']; label: string }> {
  const totp = await client.query<{ label: string }>(
    `update identity.totp_factor set removed_at = $3, secret_encrypted = null
     where id = $1 and account_id = $2 and removed_at is null returning label`,
    [factorId, accountId, at],
  );
  if (totp.rows[0] !== undefined) return { kind: 'totp', label: totp.rows[0].label };
  const passkey = await client.query<{ label: string }>(
    `update identity.passkey set removed_at = $3
     where id = $1 and account_id = $2 and removed_at is null returning label`,
    [factorId, accountId, at],
  );
  if (passkey.rows[0] !== undefined) return { kind: 'passkey', label: passkey.rows[0].label };
  throw new PlatformError('factor_missing');
}
