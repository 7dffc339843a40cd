import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRouterClient } from '@orpc/server';
import { openTestBooks, type TestBooks } from '../../test/openBooks.ts';
import { permissions } from '../roles.ts';
import { router } from './index.ts';

let books: TestBooks;
before(async () => {
  books = await openTestBooks();
});
after(() => books.close());

/** A client that calls the procedures as the server does: input and output are checked against the contract. */
async function clientOf(options: { open: boolean; company?: false }) {
  const made = options.open ? await books.company() : await books.emptyCompany();
  const context = {
    session: made.session,
    tenant: made.tenant,
    ...(options.company === false ? {} : { company: made.company }),
    actor: { kind: 'account', id: '3f0c6f3e-8a55-4a5e-9d51-0c5a35a1e001', name: 'A' } as const,
    permissions: new Set(Object.keys(permissions)),
    requestId: 'test',
  };
  return createRouterClient(router, { context });
}

type Client = Awaited<ReturnType<typeof clientOf>>;

const customer = { code: 'c-1', name: ' Jane Doe ' };

async function draftOf(client: Client, issuedOn = '2024-03-10') {
  const { id } = await client.customers.create(customer);
  return await client.invoices.create({
    customerId: id,
    issuedOn,
    dueOn: '2024-12-31',
    lines: [{ description: 'Work', quantity: '2', unitPrice: '10.005', taxRate: '19' }],
  });
}

test('BOK-1: profiles and ledger accounts through the contract', async () => {
  const client = await clientOf({ open: false });
  await assert.rejects(client.profiles.get(), { code: 'not_found' });
  const profile = await client.profiles.open({ legalName: 'Acme', currency: 'EUR', startsOn: '2024-02-29' });
  assert.deepEqual([profile.minorUnits, profile.timeZone, profile.closedThrough], [2, 'UTC', null]);
  assert.equal((await client.profiles.change({ timeZone: 'Asia/Tokyo' })).timeZone, 'Asia/Tokyo');
  assert.equal((await client.profiles.list()).length, 1);
  assert.ok((await client.profiles.currencies()).length > 150);
  const account = await client.ledgerAccounts.create({ code: '6950', name: 'Gifts', type: 'expense' });
  assert.equal((await client.ledgerAccounts.rename({ id: account.id, name: 'Presents' })).name, 'Presents');
  await client.ledgerAccounts.remove({ id: account.id });
  assert.ok(!(await client.ledgerAccounts.list({ type: 'expense' })).some(({ id }) => id === account.id));
  assert.equal((await client.periods.list({ fiscalYear: 2024 })).length, 12);
});

test('BOK-1: customers through the contract', async () => {
  const client = await clientOf({ open: true });
  const made = await client.customers.create(customer);
  assert.deepEqual([made.code, made.name, made.email], ['C-1', 'Jane Doe', null]);
  const changed = await client.customers.change({ id: made.id, email: 'jane@doe.example', city: 'Oslo' });
  assert.deepEqual([changed.email, changed.city, changed.name], ['jane@doe.example', 'Oslo', 'Jane Doe']);
  assert.deepEqual(
    (await client.customers.list({ search: 'OSL' })).items.map(({ id }) => id),
    [made.id],
  );
  assert.equal((await client.customers.get({ id: made.id })).id, made.id);
  assert.equal((await client.customers.balance({ id: made.id })).balance, '0.00');
  const file = await client.customers.export();
  assert.match(await file.text(), /^code,name,/);
  await assert.rejects(client.customers.create(customer), { constraint: 'customer_code_unique' });
  await client.customers.remove({ id: made.id });
  await assert.rejects(client.customers.get({ id: made.id }), { code: 'not_found' });
  await client.customers.create(customer);
});

test('BOK-1, BOK-3: invoices, journal, periods and reports through the contract', async () => {
  const client = await clientOf({ open: true });
  const draft = await draftOf(client);
  assert.deepEqual([draft.net, draft.tax, draft.total], ['20.01', '3.80', '23.81']);
  await client.invoices.change({ id: draft.id, note: 'Two\nlines', reference: 'PO-9' });
  const submitted = await client.invoices.submit({ id: draft.id });
  assert.equal((await client.journal.get({ id: submitted.journalEntryId as string })).total, '23.81');
  const cancelled = await client.invoices.cancel({ id: draft.id, reason: 'Wrong' });
  assert.equal(cancelled.status, 'cancelled');
  assert.equal((await client.invoices.list({ status: 'cancelled' })).items.length, 1);
  const accounts = await client.ledgerAccounts.list();
  const idOf = (code: string) => accounts.find((account) => account.code === code)?.id as string;
  const entry = await client.journal.post({
    postedOn: '2024-03-20',
    memo: 'Rent',
    postings: [
      { ledgerAccountId: idOf('6100'), debit: '700' },
      { ledgerAccountId: idOf('1000'), credit: '700' },
    ],
  });
  assert.equal((await client.journal.reverse({ id: entry.id, on: '2024-04-01' })).kind, 'reversal');
  assert.equal((await client.journal.list({ kind: 'manual' })).items.length, 1);
  await client.periods.openYear({ fiscalYear: 2024 });
  const march = (await client.periods.list({ fiscalYear: 2024 })).find(
    ({ startsOn }) => startsOn === '2024-03-01',
  );
  assert.equal(
    (await client.periods.signOff({ id: march?.id as string, note: 'Done' })).status,
    'signed-off',
  );
  const statement = await client.reports.profitAndLoss({ from: '2024-03-01', to: '2024-03-31' });
  assert.deepEqual(
    [statement.totalIncome, statement.totalExpenses, statement.profit],
    ['20.01', '700.00', '-679.99'],
  );
  const trial = await client.reports.trialBalance({ asOf: '2024-03-31' });
  assert.deepEqual([trial.totalDebit, trial.totalCredit], ['723.81', '723.81']);
  assert.equal((await client.reports.balanceSheet({ asOf: '2024-03-31' })).result, '-679.99');
});

test('BOK-1: an import through the contract', async () => {
  const client = await clientOf({ open: true });
  const types: string[] = [];
  for await (const event of await client.imports.customers({ csv: 'code,name\nI1,A\n' }))
    types.push(event.type);
  assert.equal(types.at(-1), 'done');
  assert.equal((await client.customers.list({})).items.length, 1);
});

test('BOK-1: what acts in one company asks for it, what reads may read all', async () => {
  const client = await clientOf({ open: true, company: false });
  const needsCompany = { code: 'company_required' };
  await assert.rejects(client.profiles.get(), needsCompany);
  await assert.rejects(client.customers.create(customer), needsCompany);
  await assert.rejects(client.reports.trialBalance({ asOf: '2024-01-01' }), needsCompany);
  await assert.rejects(client.imports.customers({ csv: 'code,name\n' }), needsCompany);
  assert.equal((await client.profiles.list()).length, 1);
  assert.deepEqual((await client.customers.list({})).items, []);
});

const line = { description: 'Work', quantity: '1', unitPrice: '1' };
const invoice = {
  customerId: '3f0c6f3e-8a55-4a5e-9d51-0c5a35a1e001',
  issuedOn: '2024-01-01',
  dueOn: '2024-01-01',
};

test('BOK-1: input that cannot be right never reaches the database', async (t) => {
  const client = await clientOf({ open: true });
  const refused: [string, () => Promise<unknown>][] = [
    [
      'a negative amount',
      () => client.invoices.create({ ...invoice, lines: [{ ...line, unitPrice: '-1' }] }),
    ],
    [
      'an amount of forty digits',
      () => client.invoices.create({ ...invoice, lines: [{ ...line, unitPrice: '9'.repeat(40) }] }),
    ],
    [
      'a quantity of nothing',
      () => client.invoices.create({ ...invoice, lines: [{ ...line, quantity: '0.0' }] }),
    ],
    [
      'tax above a hundred percent',
      () => client.invoices.create({ ...invoice, lines: [{ ...line, taxRate: '100.01' }] }),
    ],
    [
      'a day that does not exist',
      () => client.invoices.create({ ...invoice, issuedOn: '2023-02-29', lines: [] }),
    ],
    ['a malformed UUID', () => client.invoices.get({ id: 'x' })],
    ['a NUL byte', () => client.customers.create({ ...customer, name: 'a\0b' })],
    [
      'a field nobody knows',
      () => client.customers.create(Object.assign({ tenantId: invoice.customerId }, customer)),
    ],
    [
      'both sides of a posting',
      () =>
        client.journal.post({
          postedOn: '2024-01-01',
          memo: 'x',
          postings: [
            { ledgerAccountId: invoice.customerId, debit: '1', credit: '1' },
            { ledgerAccountId: invoice.customerId, debit: '1' },
          ],
        }),
    ],
    ['a forged cursor', () => client.customers.list({ cursor: 'bm90IGEgY3Vyc29y' })],
    ['a page of a thousand', () => client.customers.list({ limit: 1000 })],
    [
      'a span that ends before it starts',
      () => client.reports.profitAndLoss({ from: '2024-02-01', to: '2024-01-01' }),
    ],
  ];
  for (const [name, act] of refused) {
    await t.test(name, () =>
      assert.rejects(act, { code: name === 'a forged cursor' ? 'cursor_invalid' : 'BAD_REQUEST' }),
    );
  }
});
