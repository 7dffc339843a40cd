import type { ImportError } from '../contract/index.ts';
import { lineAmounts } from '../money/decimal.ts';
import type { Queries } from '../session.ts';
import type { InvoiceRecord } from './invoiceRecords.ts';

/** What the records are checked against. */
type Known = {
  currency: string;
  minorUnits: number;
  customers: Map<string, string>;
  accounts: Map<string, { id: string; type: string }>;
  references: Set<string>;
};

/** An invoice whose customer and accounts were found. */
export type ReadyInvoice = InvoiceRecord & { customerId: string; accountIds: (string | null)[] };

/** Looks up what the records name and sorts out those that name what there is not. */
export async function newInvoices(
  session: Queries,
  records: readonly InvoiceRecord[],
): Promise<{ good: ReadyInvoice[]; problems: ImportError[] }> {
  const known = await lookUp(session, records);
  const good: ReadyInvoice[] = [];
  const problems: ImportError[] = [];
  for (const record of records) {
    const found = problemsOf(record, known);
    const customerId = known.customers.get(record.customerCode);
    if (found.length > 0 || customerId === undefined) problems.push(...found);
    else {
      const accountIds = record.lines.map(
        ({ accountCode }) => known.accounts.get(accountCode ?? '')?.id ?? null,
      );
      good.push({ ...record, customerId, accountIds });
    }
  }
  return { good, problems };
}

async function lookUp(session: Queries, records: readonly InvoiceRecord[]): Promise<Known> {
  const { rows } = await session.query<{
    currency: string;
    minorUnits: number;
    customers: Record<string, string>;
    accounts: Record<string, { id: string; type: string }>;
    references: string[];
  }>(
    `select p.currency, m.minor_units as "minorUnits",
       coalesce((select json_object_agg(c.code, c.id) from books.customer c
         where c.company_id = p.company_id and c.code = any($1)), '{}'::json) as customers,
       coalesce((select json_object_agg(a.code, json_build_object('id', a.id, 'type', a.type)) from books.ledger_account a
         where a.company_id = p.company_id), '{}'::json) as accounts,
       array(select i.reference from books.invoice i
         where i.company_id = p.company_id and i.reference = any($2) and i.status <> 'cancelled') as references
     from books.company_profile p join books.currency m on m.code = p.currency
     where p.company_id = bulkhead.claimed_company_id()`,
    [records.map(({ customerCode }) => customerCode), records.map(({ reference }) => reference)],
  );
  const found = rows[0] ?? { currency: '', minorUnits: 0, customers: {}, accounts: {}, references: [] };
  return {
    currency: found.currency,
    minorUnits: found.minorUnits,
    customers: new Map(Object.entries(found.customers)),
    accounts: new Map(Object.entries(found.accounts)),
    references: new Set(found.references),
  };
}

const largestLine = 10n ** 13n;
const largestInvoice = 10n ** 14n;

function problemsOf(record: InvoiceRecord, known: Known): ImportError[] {
  const problems: ImportError[] = [];
  const first = record.lines[0]?.line ?? 1;
  const refuse = (column: string, [code, message]: readonly [code: string, message: string], line = first) =>
    problems.push({ line, column, code, message });
  if (known.currency === '')
    refuse('reference', ['books_not_open', 'The books of this company are not open.']);
  if (known.references.has(record.reference))
    refuse('reference', ['already_exists', 'An invoice has this reference already.']);
  if (!known.customers.has(record.customerCode))
    refuse('customer_code', ['customer_missing', 'No customer has this code.']);
  if (record.currency !== null && record.currency !== known.currency) {
    refuse('currency', ['currency_mismatch', `This company keeps its books in ${known.currency}.`]);
  }
  let total = 0n;
  for (const line of record.lines) {
    const account = line.accountCode === null ? undefined : known.accounts.get(line.accountCode);
    if (line.accountCode !== null && account?.type !== 'income') {
      refuse('account_code', ['ledger_account_missing', 'No income account has this code.'], line.line);
    }
    const { net, tax } = lineAmounts(line, known.minorUnits);
    const unit = 10n ** BigInt(known.minorUnits);
    total += net + tax;
    if (net >= largestLine * unit)
      refuse('unit_price', ['amount_too_large', 'The amount of the line is too large.'], line.line);
    else if (total >= largestInvoice * unit)
      refuse('unit_price', ['amount_too_large', 'The total of the invoice is too large.'], line.line);
  }
  return problems;
}

/** Writes one batch of drafts with their lines. */
export async function writeInvoices(session: Queries, batch: readonly ReadyInvoice[]): Promise<void> {
  const drafts = batch.map((invoice) => ({ ...invoice, id: crypto.randomUUID() }));
  await session.query(
    `insert into books.invoice (id, customer_id, currency, reference, issued_on, due_on)
     select r.id, r."customerId", r.currency, r.reference, r."issuedOn", r."dueOn"
     from jsonb_to_recordset($1::jsonb) r (id uuid, "customerId" uuid, currency text, reference text,
       "issuedOn" date, "dueOn" date)`,
    [JSON.stringify(drafts.map(({ lines: _lines, accountIds: _accounts, ...head }) => head))],
  );
  const lines = drafts.flatMap(({ id, lines: own, accountIds }) =>
    own.map((line, index) => ({
      ...line,
      invoiceId: id,
      position: index + 1,
      accountId: accountIds[index] ?? null,
    })),
  );
  await session.query(
    `insert into books.invoice_line
       (invoice_id, position, description, quantity, unit_price, tax_rate, ledger_account_id)
     select r."invoiceId", r.position, r.description, r.quantity, r."unitPrice", r."taxRate", r."accountId"
     from jsonb_to_recordset($1::jsonb) r ("invoiceId" uuid, position smallint, description text, quantity numeric,
       "unitPrice" numeric, "taxRate" numeric, "accountId" uuid)`,
    [JSON.stringify(lines)],
  );
}
