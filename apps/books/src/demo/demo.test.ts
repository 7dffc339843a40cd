import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestBooks, type TestBooks } from '../../test/openBooks.ts';
import { balanceSheet, profitAndLoss } from '../report/statement.ts';
import { trialBalance } from '../report/trialBalance.ts';
import { toUnits } from '../money/decimal.ts';
import { demoTenants, seedBooks, type DemoCompany } from './index.ts';

let books: TestBooks;
before(async () => {
  books = await openTestBooks();
});
after(() => books.close());

const today = '2024-11-20';

async function seeded(company: DemoCompany) {
  const made = await books.emptyCompany();
  return { ...made, summary: await seedBooks(made.session, company, { today }) };
}

test('the demo fills six companies with a year of books that an accountant would accept', async () => {
  for (const company of demoTenants.flatMap(({ companies }) => companies)) {
    const { session, company: id, summary } = await seeded(company);
    assert.equal(summary.signedOffThrough, '2024-08-31');
    const trial = await trialBalance(session, id, today);
    assert.equal(trial?.totalDebit, trial?.totalCredit);
    const sheet = await balanceSheet(session, id, today);
    const units = (amount: string | undefined) => toUnits(amount ?? '0', 4);
    assert.equal(
      units(sheet?.totalAssets),
      units(sheet?.totalLiabilities) + units(sheet?.totalEquity) + units(sheet?.result),
    );
    const statement = await profitAndLoss(session, id, { from: '2023-11-01', to: today });
    assert.ok(units(statement?.profit) > 0n, `${company.name} earns nothing`);
    assert.ok(
      units(statement?.totalIncome) > (5n * units(statement?.profit)) / 2n,
      `${company.name} earns too much`,
    );
    const bank = trial?.rows.find(({ code }) => code === '1000');
    assert.ok(units(bank?.debitBalance) > 0n, `${company.name} is overdrawn`);
    const { rows } = await session.query<{ status: string }>(
      'select distinct status from books.invoice order by status',
    );
    assert.deepEqual(
      rows.map(({ status }) => status),
      ['cancelled', 'draft', 'submitted'],
    );
  }
});

test('the demo is the same each time', async () => {
  const [company] = demoTenants[0]?.companies ?? [];
  const dump = async () => {
    const { session } = await seeded(company as DemoCompany);
    const { rows } = await session.query(
      `select e.number, e.posted_on::text, p.debit, p.credit, a.code from books.journal_entry e
       join books.posting p on p.entry_id = e.id join books.ledger_account a on a.id = p.ledger_account_id
       where e.kind = 'manual' and e.memo not like 'Payment%' order by e.number, p.position`,
    );
    const { rows: invoices } = await session.query(
      'select reference, issued_on::text, total::text, status from books.invoice order by reference',
    );
    return { rows: rows.map(({ ...row }) => ({ ...row, number: undefined })), invoices };
  };
  assert.deepEqual(await dump(), await dump());
});
