import type { Queries } from '../session.ts';
import type { PlannedCustomer, PlannedEntry, PlannedInvoice } from './plan.ts';

/** Writes customers in one statement. */
export async function writeCustomers(session: Queries, customers: readonly PlannedCustomer[]): Promise<void> {
  await session.query(
    `insert into books.customer (id, code, name, email, city, country)
     select r.id, r.code, r.name, r.email, r.city, r.country
     from jsonb_to_recordset($1::jsonb) r (id uuid, code text, name text, email text, city text, country text)`,
    [JSON.stringify(customers)],
  );
}

/** Writes invoices as drafts with their lines. */
export async function writeDrafts(session: Queries, invoices: readonly PlannedInvoice[]): Promise<void> {
  await session.query(
    `insert into books.invoice (id, customer_id, reference, issued_on, due_on)
     select r.id, r."customerId", r.reference, r."issuedOn", r."dueOn"
     from jsonb_to_recordset($1::jsonb) r (id uuid, "customerId" uuid, reference text, "issuedOn" date, "dueOn" date)`,
    [JSON.stringify(invoices.map(({ lines: _lines, fate: _fate, ...invoice }) => invoice))],
  );
  await session.query(
    `insert into books.invoice_line (invoice_id, position, description, quantity, unit_price, tax_rate, ledger_account_id)
     select r.invoice, r.position, r.description, r.quantity, r."unitPrice", r."taxRate", a.id
     from jsonb_to_recordset($1::jsonb) r (invoice uuid, position smallint, description text, quantity numeric,
       "unitPrice" numeric, "taxRate" numeric, account text)
     join books.ledger_account a on a.code = r.account and a.company_id = bulkhead.claimed_company_id()`,
    [JSON.stringify(invoices.flatMap(({ id, lines }) => lines.map((line) => ({ invoice: id, ...line }))))],
  );
}

/** Submits what is no draft and cancels what is cancelled. */
export async function settleFates(session: Queries, invoices: readonly PlannedInvoice[]): Promise<void> {
  const submitted = invoices.filter(({ fate }) => fate.kind !== 'draft');
  // Joined in the order given, so that numbers follow the dates of issue.
  await session.query(
    `update books.invoice i set status = 'submitted' from unnest($1::uuid[]) r (id) where i.id = r.id`,
    [submitted.map(({ id }) => id)],
  );
  const cancelled = invoices.flatMap(({ id, fate }) =>
    fate.kind === 'cancelled' ? [{ id, day: fate.on }] : [],
  );
  await session.query(
    `update books.invoice i set status = 'cancelled', cancel_reason = 'Ordered twice', cancelled_on = r.day
     from jsonb_to_recordset($1::jsonb) r (id uuid, day date) where i.id = r.id`,
    [JSON.stringify(cancelled)],
  );
}

/** Posts manual entries. */
export async function writeEntries(session: Queries, entries: readonly PlannedEntry[]): Promise<void> {
  await session.query(
    `insert into books.journal_entry (id, posted_on, memo)
     select r.id, r."postedOn", r.memo from jsonb_to_recordset($1::jsonb) r (id uuid, "postedOn" date, memo text)
     order by r."postedOn"`,
    [JSON.stringify(entries.map(({ postings: _postings, ...entry }) => entry))],
  );
  const postings = entries.flatMap(({ id, postings: sides }) =>
    sides.map((side, index) => ({ entry: id, position: index + 1, ...side })),
  );
  await session.query(
    `insert into books.posting (entry_id, position, ledger_account_id, debit, credit)
     select r.entry, r.position, a.id, r.debit, r.credit
     from jsonb_to_recordset($1::jsonb) r (entry uuid, position smallint, account text, debit numeric, credit numeric)
     join books.ledger_account a on a.code = r.account and a.company_id = bulkhead.claimed_company_id()`,
    [JSON.stringify(postings)],
  );
}

/** A payment of a whole invoice. */
export type Payment = { id: string; invoice: string; on: string };

/** Posts payments: bank against the customer's receivable. */
export async function writePayments(session: Queries, payments: readonly Payment[]): Promise<void> {
  const given = JSON.stringify(payments);
  await session.query(
    `insert into books.journal_entry (id, posted_on, memo)
     select r.id, r."on", 'Payment of ' || i.number || ', ' || i.customer_name
     from jsonb_to_recordset($1::jsonb) r (id uuid, invoice uuid, "on" date) join books.invoice i on i.id = r.invoice
     order by r."on"`,
    [given],
  );
  await session.query(
    `insert into books.posting (entry_id, position, ledger_account_id, customer_id, debit, credit)
     select r.id, a.position, a.id, case a.purpose when 'receivable' then i.customer_id end,
       case a.purpose when 'bank' then i.total else 0 end, case a.purpose when 'receivable' then i.total else 0 end
     from jsonb_to_recordset($1::jsonb) r (id uuid, invoice uuid, "on" date)
     join books.invoice i on i.id = r.invoice
     cross join (
       select l.id, l.purpose, case l.purpose when 'bank' then 1 else 2 end as position from books.ledger_account l
       where l.purpose in ('bank', 'receivable') and l.company_id = bulkhead.claimed_company_id()
     ) a`,
    [given],
  );
}
