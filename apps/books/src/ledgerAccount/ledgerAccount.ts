import type { LedgerAccount, LedgerAccountType } from '../contract/index.ts';
import { instant, type Queries } from '../session.ts';

const columns = `a.id, a.company_id as "companyId", a.code, a.name, a.type, a.purpose,
  ${instant('a.created_at')} as "createdAt", ${instant('a.updated_at')} as "updatedAt"`;

/** The chart of accounts by code. */
export async function listLedgerAccounts(
  session: Queries,
  type?: LedgerAccountType,
): Promise<LedgerAccount[]> {
  const { rows } = await session.query<LedgerAccount>(
    `select ${columns} from books.ledger_account a
     where $1::text is null or a.type = $1 order by a.code, a.company_id`,
    [type ?? null],
  );
  return rows;
}

export type NewLedgerAccount = { code: string; name: string; type: LedgerAccountType };

/** @throws {DataError} `already_exists`, constraint `ledger_account_code_unique` */
export async function createLedgerAccount(session: Queries, given: NewLedgerAccount): Promise<LedgerAccount> {
  const { rows } = await session.query<LedgerAccount>(
    `insert into books.ledger_account as a (code, name, type) values ($1, $2, $3) returning ${columns}`,
    [given.code, given.name, given.type],
  );
  return rows[0] as LedgerAccount;
}

/** Undefined when the session sees no such account. */
export async function renameLedgerAccount(
  session: Queries,
  { id, name }: { id: string; name: string },
): Promise<LedgerAccount | undefined> {
  const { rows } = await session.query<LedgerAccount>(
    `update books.ledger_account as a set name = $2 where a.id = $1 and a.deleted_at is null returning ${columns}`,
    [id, name],
  );
  return rows[0];
}

/**
 * Removes an account that nothing uses; false when the session sees no such account.
 * @throws {DataError} constraint `ledger_account_in_use`
 */
export async function removeLedgerAccount(session: Queries, id: string): Promise<boolean> {
  const { rowCount } = await session.query(
    `update books.ledger_account set deleted_at = now() where id = $1 and deleted_at is null`,
    [id],
  );
  return rowCount === 1;
}
