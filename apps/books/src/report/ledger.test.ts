import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DataError } from '@bulkhead/kernel';
import fc from 'fast-check';
import {
  addCustomer,
  addDraft,
  openTestBooks,
  type TestBooks,
  type TestCompany,
} from '../../test/openBooks.ts';
import { removeDraft } from '../invoice/draft.ts';
import { cancelInvoice, submitInvoice } from '../invoice/transition.ts';
import { postEntry, reverseEntry } from '../journal/post.ts';
import { toUnits } from '../money/decimal.ts';
import { openYear } from '../period/open.ts';
import { signOff } from '../period/signOff.ts';
import { balanceSheet, profitAndLoss } from './statement.ts';
import { trialBalance } from './trialBalance.ts';

let books: TestBooks;
before(async () => {
  books = await openTestBooks();
});
after(() => books.close());

const units = (amount: string): bigint => toUnits(amount, 4);
const sum = (amounts: readonly string[]): bigint =>
  amounts.reduce((total, amount) => total + units(amount), 0n);

/** What random bookkeepers do; `which` picks among what exists, `day` is a day of 2024. */
type Step =
  | { do: 'draft'; price: number; lines: number; day: number }
  | { do: 'submit' | 'remove' | 'reverse' | 'signOff'; which: number; day: number }
  | { do: 'cancel'; which: number; day: number }
  | { do: 'post'; debit: number; credit: number; from: number; to: number; day: number };

const day = fc.integer({ min: 0, max: 364 });
const which = fc.nat(30);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('draft' as const),
      price: fc.nat(1_000_000),
      lines: fc.integer({ min: 0, max: 3 }),
      day,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('submit' as const, 'submit' as const, 'remove' as const, 'reverse' as const),
      which,
      day,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which, day }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('signOff' as const), which: fc.nat(5), day }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      debit: fc.nat(100_000),
      credit: fc.nat(100_000),
      from: fc.nat(27),
      to: fc.nat(27),
      day,
    }),
  },
);

const dateOf = (offset: number): string => new Date(Date.UTC(2024, 0, 1 + offset)).toISOString().slice(0, 10);
const cents = (amount: number): string =>
  `${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;

type World = TestCompany & { customer: string; drafts: string[]; entries: string[]; codes: string[] };

async function take(world: World, given: Step): Promise<void> {
  const on = dateOf(given.day);
  const { session } = world;
  switch (given.do) {
    case 'draft':
      world.drafts.push(
        await addDraft(world, {
          customer: world.customer,
          unitPrice: cents(given.price),
          lines: given.lines,
          issuedOn: on,
        }),
      );
      return;
    case 'submit':
      await submitInvoice(session, world.drafts[given.which] ?? world.customer);
      return;
    case 'cancel':
      await cancelInvoice(session, world.drafts[given.which] ?? world.customer, { reason: 'Random', on });
      return;
    case 'remove':
      await removeDraft(session, world.drafts[given.which] ?? world.customer);
      return;
    case 'reverse':
      await reverseEntry(session, world.entries[given.which] ?? world.customer, { on });
      return;
    case 'signOff': {
      const { rows } = await session.query<{ id: string }>(
        'select id from books.fiscal_period where starts_on = $1',
        [dateOf(given.which * 31).replace(/\d\d$/, '01')],
      );
      await signOff(session, rows[0]?.id ?? world.customer, undefined);
      return;
    }
    case 'post': {
      const [from, to] = [world.codes[given.from] as string, world.codes[given.to] as string];
      world.entries.push(
        await postEntry(session, {
          postedOn: on,
          memo: 'Random',
          postings: [
            { ledgerAccountId: world.accounts.get(from) as string, debit: cents(given.debit) },
            {
              ledgerAccountId: world.accounts.get(to) as string,
              credit: cents(given.credit % 3 === 0 ? given.credit : given.debit),
            },
          ],
        }),
      );
    }
  }
}

const expected = /^(invalid_value|already_exists|reference_missing|still_referenced)$/;

async function isBalanced({ session, company, customer }: World, asOf: string): Promise<void> {
  const [trial, sheet, statement] = await Promise.all([
    trialBalance(session, company, asOf),
    balanceSheet(session, company, asOf),
    profitAndLoss(session, company, { from: '2020-01-01', to: asOf }),
  ]);
  assert.ok(trial && sheet && statement);
  assert.equal(trial.totalDebit, trial.totalCredit);
  assert.equal(sum(trial.rows.map(({ debit }) => debit)), sum(trial.rows.map(({ credit }) => credit)));
  assert.equal(sheet.result, statement.profit);
  assert.equal(
    units(sheet.totalAssets),
    units(sheet.totalLiabilities) + units(sheet.totalEquity) + units(sheet.result),
  );
  const debits = sum([...sheet.assets, ...statement.expenses].map(({ amount }) => amount));
  const credits = sum(
    [...sheet.liabilities, ...sheet.equity, ...statement.income].map(({ amount }) => amount),
  );
  assert.equal(debits, credits);
  const { rows } = await session.query<{ same: boolean; gapless: boolean; invoices: boolean }>(
    `select
       (select coalesce(sum(p.debit - p.credit), 0) from books.posting p) = 0
         and (select coalesce(sum(p.debit - p.credit), 0) from books.posting p where p.customer_id = $1)
           = (select coalesce(sum(i.total), 0) from books.invoice i where i.status = 'submitted') as same,
       (select count(*) = coalesce(max(e.number), 0) from books.journal_entry e) as gapless,
       (select count(*) = coalesce(max(substr(i.number, 5)::int), 0) from books.invoice i where i.number is not null) as invoices`,
    [customer],
  );
  assert.deepEqual(rows[0], { same: true, gapless: true, invoices: true });
}

test('BOK-2, BOK-3: whatever is done in whatever order, the ledger balances, numbers have no gaps and closed periods stay', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const company = await books.company();
      await openYear(company.session, 2024);
      const world: World = {
        ...company,
        customer: await addCustomer(company),
        drafts: [],
        entries: [],
        codes: [...company.accounts.keys()],
      };
      let frozen = new Map<string, string>();
      for (const one of steps) {
        await take(world, one).catch((error: unknown) => {
          assert.ok(error instanceof DataError, String(error));
          assert.match(error.code, expected, `${JSON.stringify(one)} ${error.code} ${error.constraint}`);
        });
        frozen = await stillFrozen(world, frozen);
      }
      await isBalanced(world, '2024-06-15');
      await isBalanced(world, '2199-12-31');
    }),
    { numRuns: 12 },
  );
});

/** What each closed day holds; nothing of it may differ from what it held before. */
async function stillFrozen({ session }: World, before: Map<string, string>): Promise<Map<string, string>> {
  const { rows } = await session.query<{ day: string; held: string }>(
    `select p.posted_on::text as day, sum(p.debit)::text || ' ' || count(*) as held
     from books.posting p join books.company_profile c on c.company_id = p.company_id
     where p.posted_on <= c.closed_through group by p.posted_on`,
  );
  const now = new Map(rows.map(({ day: closed, held }) => [closed, held]));
  for (const [closed, held] of before)
    assert.equal(now.get(closed), held, `${closed} changed after its sign-off`);
  const {
    rows: [last],
  } = await session.query<{ through: string | null }>(
    'select closed_through::text as through from books.company_profile',
  );
  for (const closed of now.keys()) assert.ok(closed <= (last?.through ?? ''));
  if (before.size > 0) {
    for (const closed of now.keys()) {
      if (closed <= ([...before.keys()].toSorted().at(-1) ?? ''))
        assert.ok(before.has(closed), `${closed} was filled after its sign-off`);
    }
  }
  return now;
}
