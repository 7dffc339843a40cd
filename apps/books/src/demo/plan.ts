import { fromUnits } from '../money/decimal.ts';
import { later, type Month } from './calendar.ts';
import type { DemoCompany, Product } from './profiles.ts';
import type { Random } from './random.ts';

export type PlannedCustomer = {
  id: string;
  code: string;
  name: string;
  email: string;
  city: string;
  country: string;
};

export type PlannedLine = {
  position: number;
  description: string;
  quantity: string;
  unitPrice: string;
  taxRate: string;
  account: string;
};

export type PlannedInvoice = {
  id: string;
  customerId: string;
  reference: string;
  issuedOn: string;
  dueOn: string;
  lines: PlannedLine[];
  /** `paid` on the day given, `open`, `cancelled` on the day given, or still a `draft`. */
  fate: { kind: 'paid' | 'cancelled'; on: string } | { kind: 'open' | 'draft' };
};

export type PlannedPosting = { account: string; debit: string; credit: string };
export type PlannedEntry = { id: string; postedOn: string; memo: string; postings: PlannedPosting[] };

const firstNames = [
  'Anna',
  'Bruno',
  'Clara',
  'Dario',
  'Elif',
  'Finn',
  'Greta',
  'Henrik',
  'Iris',
  'Jonas',
  'Karla',
  'Lars',
];
const trades = [
  'Interiors',
  'Logistics',
  'Foods',
  'Medical',
  'Hotels',
  'Energy',
  'Media',
  'Tools',
  'Textiles',
  'Gardens',
  'Marine',
  'Systems',
];

/** Customers with codes from C-001 on. */
export function planCustomers(company: DemoCompany, random: Random, count: number): PlannedCustomer[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${firstNames[index % 12]} ${random.pick(trades)}`;
    return {
      id: random.uuid(),
      code: `C-${String(index + 1).padStart(3, '0')}`,
      name,
      email: `accounts${index + 1}@${name.toLowerCase().replace(' ', '-')}.example`,
      city: company.city,
      country: company.country,
    };
  });
}

export type MonthPlan = { invoices: PlannedInvoice[]; entries: PlannedEntry[] };

type Setting = { company: DemoCompany; random: Random; customers: readonly PlannedCustomer[]; today: string };

/** One month of business. In the month of `today` nothing is dated after it, and the last invoices are drafts. */
export function planMonth({ company, random, customers, today }: Setting, month: Month): MonthPlan {
  const last = month.last > today ? today : month.last;
  const days = Number(last.slice(8));
  const current = month.last >= today;
  const invoices = Array.from({ length: company.invoicesPerMonth }, (_, index) => {
    const issuedOn = later(month.first, random.between(0, days - 1));
    return {
      id: random.uuid(),
      customerId: random.pick(customers).id,
      reference: `PO-${month.first.slice(0, 7).replace('-', '')}-${index + 1}`,
      issuedOn,
      dueOn: later(issuedOn, 30),
      lines: planLines(company, random),
      fate: planFate({ issuedOn, last, today, draft: current && index % 3 === 0 }, random),
    };
  }).toSorted((a, b) => a.issuedOn.localeCompare(b.issuedOn));
  return { invoices, entries: planCosts({ company, random }, last) };
}

type Life = { issuedOn: string; last: string; today: string; draft: boolean };

function planFate({ issuedOn, last, today, draft }: Life, random: Random): PlannedInvoice['fate'] {
  if (draft) return { kind: 'draft' };
  if (random.chance(5)) return { kind: 'cancelled', on: last };
  const paidOn = later(issuedOn, random.between(5, 45));
  return paidOn <= today && random.chance(92) ? { kind: 'paid', on: paidOn } : { kind: 'open' };
}

function planLines(
  { products, taxRate, turnover, invoicesPerMonth }: DemoCompany,
  random: Random,
): PlannedLine[] {
  const target = (turnover / invoicesPerMonth) * (random.between(55, 150) / 100);
  const chosen = random.between(1, 3);
  return Array.from({ length: chosen }, (_, index) => {
    const product = random.pick<Product>(products);
    return {
      position: index + 1,
      description: product.description,
      quantity: String(Math.max(1, Math.round(target / chosen / product.unitPrice))),
      unitPrice: String(product.unitPrice),
      taxRate: String(taxRate),
      account: product.account,
    };
  });
}

function planCosts(
  { company, random }: { company: DemoCompany; random: Random },
  on: string,
): PlannedEntry[] {
  return company.costs.map(({ memo, account, share, taxed }) => {
    const net = BigInt(Math.round((company.turnover * share * random.between(92, 108)) / 100));
    const tax = taxed ? (net * BigInt(company.taxRate)) / 100n : 0n;
    const side = (code: string, debit: bigint, credit: bigint): PlannedPosting => ({
      account: code,
      debit: fromUnits(debit, 2),
      credit: fromUnits(credit, 2),
    });
    return {
      id: random.uuid(),
      postedOn: on,
      memo: `${memo} ${on.slice(0, 7)}`,
      postings: [
        side(account, net, 0n),
        ...(tax > 0n ? [side('1400', tax, 0n)] : []),
        side('1000', 0n, net + tax),
      ],
    };
  });
}
