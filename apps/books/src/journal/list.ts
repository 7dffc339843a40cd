import type { JournalEntry } from '../contract/index.ts';
import { fromCursor, toPage } from '../paging/cursor.ts';
import { containing } from '../paging/search.ts';
import { money } from '../invoice/columns.ts';
import { instant, type Queries } from '../session.ts';

const select = (entries: string): string => `
  select e.id, e.company_id as "companyId", e.number::int as number, e.kind, e.posted_on::text as "postedOn", e.memo,
    e.currency, p.total, e.invoice_id as "invoiceId", e.reverses_id as "reversesId",
    (select r.id from books.journal_entry r where r.company_id = e.company_id and r.reverses_id = e.id) as "reversedById",
    ${instant('e.created_at')} as "createdAt", p.postings
  from ${entries} e
  join books.currency m on m.code = e.currency
  cross join lateral (
    select ${money('sum(o.debit)')} as total, json_agg(json_build_object(
      'id', o.id, 'position', o.position, 'ledgerAccountId', o.ledger_account_id, 'ledgerAccountCode', a.code,
      'ledgerAccountName', a.name, 'customerId', o.customer_id,
      'debit', ${money('o.debit')}, 'credit', ${money('o.credit')}) order by o.position) as postings
    from books.posting o join books.ledger_account a on a.id = o.ledger_account_id
    where o.company_id = e.company_id and o.entry_id = e.id
  ) p`;

export type JournalFilter = {
  /** Lists this company alone: no more than what the row policies show, but said so that an index serves it. */
  company?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  ledgerAccountId?: string | undefined;
  customerId?: string | undefined;
  kind?: 'manual' | 'invoice' | 'reversal' | undefined;
  /** Part of the memo. */
  search?: string | undefined;
  cursor?: string | undefined;
  limit: number;
};

/**
 * Journal entries with their postings, latest day first, within a day the last entered first.
 * @throws {PlatformError} `cursor_invalid`
 */
export async function listJournal(
  session: Queries,
  filter: JournalFilter,
): Promise<{ items: JournalEntry[]; nextCursor: string | null }> {
  const after = fromCursor(filter.cursor, /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) \d{1,9}$/);
  const [day, number] = after?.key.split(' ') ?? [];
  const { rows } = await session.query<JournalEntry>(
    // The page first, and only then what belongs to its entries.
    `${select(`(
     select e.* from books.journal_entry e
     where ($1::date is null or e.posted_on >= $1)
       and ($2::date is null or e.posted_on <= $2)
       and ($3::text is null or e.kind = $3)
       and ($4::text is null or e.memo ilike $4)
       and (($5::uuid is null and $6::uuid is null) or exists (
         select from books.posting f
         where f.company_id = e.company_id and f.entry_id = e.id
           and ($5::uuid is null or f.ledger_account_id = $5) and ($6::uuid is null or f.customer_id = $6)))
       and ($7::date is null or (e.posted_on, e.number, e.id) < ($7, $8::bigint, $9::uuid))
       and ($11::uuid is null or e.company_id = $11)
     order by e.posted_on desc, e.number desc, e.id desc limit $10)`)}
     order by e.posted_on desc, e.number desc, e.id desc`,
    [
      filter.from ?? null,
      filter.to ?? null,
      filter.kind ?? null,
      containing(filter.search),
      filter.ledgerAccountId ?? null,
      filter.customerId ?? null,
      day ?? null,
      number ?? null,
      after?.id ?? null,
      filter.limit + 1,
      filter.company ?? null,
    ],
  );
  return toPage(rows, filter.limit, (entry) => ({ key: `${entry.postedOn} ${entry.number}`, id: entry.id }));
}

/** One entry; undefined when the session sees none. */
export async function readEntry(session: Queries, id: string): Promise<JournalEntry | undefined> {
  const { rows } = await session.query<JournalEntry>(`${select('books.journal_entry')} where e.id = $1`, [
    id,
  ]);
  return rows[0];
}
