import type { TenantSession } from '@bulkhead/kernel';
import { openYearOf } from '../period/open.ts';
import { openBooks } from '../profile/open.ts';
import type { Queries } from '../session.ts';
import { monthsThrough, type Month } from './calendar.ts';
import { planCustomers, planMonth, type PlannedEntry, type PlannedInvoice } from './plan.ts';
import type { DemoCompany } from './profiles.ts';
import { seededRandom, type Random } from './random.ts';
import {
  settleFates,
  writeCustomers,
  writeDrafts,
  writeEntries,
  writePayments,
  type Payment,
} from './write.ts';

export type SeedOptions = {
  /** `YYYY-MM-DD`; not in the future. The books hold the twelve months before its month, and that month up to it. */
  today: string;
};

export type SeedSummary = { customers: number; invoices: number; entries: number; signedOffThrough: string };

const customerCount = 18;
/** Months left open at the end, the current one included. */
const openMonths = 3;

/**
 * Opens the books of the session's company and fills them with a year of business, in one transaction. The same
 * company and day give the same books.
 * @throws {DataError} `already_exists`, constraint `company_profile_company_unique`, when its books are open
 */
export async function seedBooks(
  session: TenantSession,
  company: DemoCompany,
  { today }: SeedOptions,
): Promise<SeedSummary> {
  const random = seededRandom(`${company.name} ${today.slice(0, 7)}`);
  const months = monthsThrough(today, 12);
  const customers = planCustomers(company, random, customerCount);
  return await session.transaction(async (tx) => {
    await open(tx, company, months);
    await writeCustomers(tx, customers);
    await writeEntries(tx, [capital(company, random, months[0] as Month)]);
    const unpaid: { id: string; on: string }[] = [];
    const summary = { customers: customerCount, invoices: 0, entries: 1, signedOffThrough: '' };
    for (const [index, month] of months.entries()) {
      const { invoices, entries } = planMonth({ company, random, customers, today }, month);
      await writeDrafts(tx, invoices);
      await settleFates(tx, invoices);
      await writeEntries(tx, entries);
      unpaid.push(...due(invoices));
      const payments = take(unpaid, month.last).map((paid) => ({
        id: random.uuid(),
        invoice: paid.id,
        on: paid.on,
      }));
      await writePayments(tx, payments satisfies Payment[]);
      summary.invoices += invoices.length;
      summary.entries +=
        invoices.filter(({ fate }) => fate.kind !== 'draft').length + entries.length + payments.length;
      if (index < months.length - openMonths) summary.signedOffThrough = await signMonthOff(tx, month);
    }
    return summary;
  });
}

async function open(tx: Queries, company: DemoCompany, months: readonly Month[]): Promise<void> {
  const { name, currency, fiscalYearStartMonth, timeZone } = company;
  const startsOn = (months[0] as Month).first;
  await openBooks(tx, { legalName: name, taxId: null, currency, fiscalYearStartMonth, timeZone, startsOn });
  await openYearOf(tx, (months.at(-1) as Month).first);
}

function capital(company: DemoCompany, random: Random, { first }: Month): PlannedEntry {
  const amount = String(company.turnover * 2);
  return {
    id: random.uuid(),
    postedOn: first,
    memo: 'Share capital paid in',
    postings: [
      { account: '1000', debit: amount, credit: '0' },
      { account: '3000', debit: '0', credit: amount },
    ],
  };
}

function due(invoices: readonly PlannedInvoice[]): { id: string; on: string }[] {
  return invoices.flatMap(({ id, fate }) => (fate.kind === 'paid' ? [{ id, on: fate.on }] : []));
}

/** Takes out what is paid by a day. */
function take(unpaid: { id: string; on: string }[], by: string): { id: string; on: string }[] {
  const paid = unpaid.filter(({ on }) => on <= by);
  unpaid.splice(0, unpaid.length, ...unpaid.filter(({ on }) => on > by));
  return paid;
}

async function signMonthOff(tx: Queries, month: Month): Promise<string> {
  await tx.query(
    `insert into books.sign_off (period_id, note)
     select f.id, 'Reconciled with bank and subledgers' from books.fiscal_period f
     where f.company_id = bulkhead.claimed_company_id() and f.starts_on = $1`,
    [month.first],
  );
  return month.last;
}
