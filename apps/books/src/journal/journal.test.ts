import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  addCustomer,
  addDraft,
  openTestBooks,
  type TestBooks,
  type TestCompany,
} from '../../test/openBooks.ts';
import { customerBalance } from '../customer/balance.ts';
import { submitInvoice } from '../invoice/transition.ts';
import { createLedgerAccount, removeLedgerAccount } from '../ledgerAccount/ledgerAccount.ts';
import { readEntry } from './list.ts';
import { postEntry, reverseEntry } from './post.ts';

let books: TestBooks;
let company: TestCompany;
before(async () => {
  books = await openTestBooks();
  company = await books.company();
});
after(() => books.close());

const account = (code: string): string => company.accounts.get(code) as string;

type Side = { code: string; debit?: string; credit?: string; customerId?: string };

function post(sides: Side[], postedOn = '2024-05-01'): Promise<string> {
  return postEntry(company.session, {
    postedOn,
    memo: 'Test',
    postings: sides.map(({ code, ...side }) => ({ ledgerAccountId: account(code), ...side })),
  });
}

test('BOK-2: a balanced entry is posted and read back', async () => {
  const id = await post([
    { code: '6000', debit: '1000.50' },
    { code: '2300', credit: '200.5' },
    { code: '1000', credit: '800' },
  ]);
  const entry = await readEntry(company.session, id);
  assert.equal(entry?.total, '1000.50');
  assert.deepEqual(
    entry?.postings.map(({ ledgerAccountCode, debit, credit }) => [ledgerAccountCode, debit, credit]),
    [
      ['6000', '1000.50', '0.00'],
      ['2300', '0.00', '200.50'],
      ['1000', '0.00', '800.00'],
    ],
  );
});

const refusals: [name: string, constraint: string, sqlstate: string, act: () => Promise<unknown>][] = [
  [
    'sides that differ by a cent',
    'entry_unbalanced',
    '23514',
    () =>
      post([
        { code: '6100', debit: '10' },
        { code: '1000', credit: '10.01' },
      ]),
  ],
  ['one side only', 'entry_unbalanced', '23514', () => post([{ code: '6100', debit: '10' }])],
  ['no postings', 'entry_unbalanced', '23514', () => post([])],
  [
    'a posting over nothing',
    'posting_one_side',
    '23514',
    () =>
      post([
        { code: '6100', debit: '0' },
        { code: '1000', credit: '0' },
      ]),
  ],
  [
    'a negative amount',
    'posting_one_side',
    '23514',
    () =>
      post([
        { code: '6100', debit: '-5' },
        { code: '1000', credit: '-5' },
      ]),
  ],
  [
    'both sides in one posting',
    'posting_one_side',
    '23514',
    () =>
      post([
        { code: '6100', debit: '5', credit: '5' },
        { code: '1000', credit: '5', debit: '5' },
      ]),
  ],
  [
    'parts of a cent',
    'amount_minor_units',
    '23514',
    () =>
      post([
        { code: '6100', debit: '0.001' },
        { code: '1000', credit: '0.001' },
      ]),
  ],
  [
    'receivables without a customer',
    'posting_names_customer',
    '23514',
    () =>
      post([
        { code: '1200', debit: '5' },
        { code: '4000', credit: '5' },
      ]),
  ],
  [
    'a customer elsewhere',
    'posting_names_customer',
    '23514',
    async () =>
      post([
        { code: '1000', debit: '5', customerId: await addCustomer(company) },
        { code: '4000', credit: '5' },
      ]),
  ],
  [
    'a day before the books start',
    'before_books_start',
    '23514',
    () =>
      post(
        [
          { code: '6100', debit: '5' },
          { code: '1000', credit: '5' },
        ],
        '2019-12-31',
      ),
  ],
  [
    'a day beyond reason',
    'date_out_of_range',
    '23514',
    () =>
      post(
        [
          { code: '6100', debit: '5' },
          { code: '1000', credit: '5' },
        ],
        '9999-01-01',
      ),
  ],
  [
    'an account of another company',
    'posting_ledger_account_fkey',
    '23503',
    async () => {
      const sibling = await books.company({ tenant: company.tenant });
      return postEntry(company.session, {
        postedOn: '2024-05-01',
        memo: 'Astray',
        postings: [
          { ledgerAccountId: sibling.accounts.get('6100') as string, debit: '5' },
          { ledgerAccountId: account('1000'), credit: '5' },
        ],
      });
    },
  ],
  [
    'reversing twice',
    'journal_entry_reverses_unique',
    '23505',
    async () => {
      const id = await post([
        { code: '6100', debit: '5' },
        { code: '1000', credit: '5' },
      ]);
      await reverseEntry(company.session, id, {});
      await reverseEntry(company.session, id, {});
    },
  ],
  [
    'reversing a reversal',
    'reversal_of_reversal',
    '23514',
    async () => {
      const id = await post([
        { code: '6100', debit: '5' },
        { code: '1000', credit: '5' },
      ]);
      await reverseEntry(company.session, (await reverseEntry(company.session, id, {})) as string, {});
    },
  ],
  [
    'a reversal before its entry',
    'reversal_before_original',
    '23514',
    async () => {
      const id = await post([
        { code: '6100', debit: '5' },
        { code: '1000', credit: '5' },
      ]);
      await reverseEntry(company.session, id, { on: '2024-04-30' });
    },
  ],
  [
    'reversing an invoice’s entry by hand',
    'entry_of_invoice',
    '23514',
    async () => {
      const invoice = await addDraft(company);
      await submitInvoice(company.session, invoice);
      const { rows } = await company.session.query<{ id: string }>(
        'select id from books.journal_entry where invoice_id = $1',
        [invoice],
      );
      await reverseEntry(company.session, (rows[0] as { id: string }).id, {});
    },
  ],
  [
    'an invoice’s entry by hand',
    'entry_of_invoice',
    '23514',
    async () => {
      const invoice = await addDraft(company);
      await company.session.query(
        `insert into books.journal_entry (kind, posted_on, memo, invoice_id) values ('invoice', '2024-05-01', 'x', $1)`,
        [invoice],
      );
    },
  ],
  [
    'removing an account with postings',
    'ledger_account_in_use',
    '23503',
    async () => {
      await post([
        { code: '6100', debit: '5' },
        { code: '1000', credit: '5' },
      ]);
      await removeLedgerAccount(company.session, account('6100'));
    },
  ],
  [
    'removing an account with a purpose',
    'ledger_account_in_use',
    '23503',
    () => removeLedgerAccount(company.session, account('1200')),
  ],
];

for (const [name, constraint, sqlstate, act] of refusals) {
  test(`BOK-2: refuses ${name}`, async () => {
    await assert.rejects(act, { constraint, sqlstate });
  });
}

test('BOK-2: posted entries never change, for the owner neither', async () => {
  const id = await post([
    { code: '6100', debit: '5' },
    { code: '1000', credit: '5' },
  ]);
  const owner = await books.connect('owner', company);
  const frozen = { code: '23514', constraint: 'journal_append_only' };
  await assert.rejects(
    owner.query(`update books.journal_entry set memo = 'other' where id = $1`, [id]),
    frozen,
  );
  await assert.rejects(
    owner.query('update books.posting set debit = debit + 1 where entry_id = $1', [id]),
    frozen,
  );
  for (const table of ['journal_entry', 'posting']) {
    await assert.rejects(owner.query(`delete from books.${table}`), { code: '42501' });
    await assert.rejects(owner.query(`truncate books.${table} cascade`), { code: '42501' });
  }
  const app = await books.connect('app', company);
  await assert.rejects(app.query(`update books.journal_entry set memo = 'other'`), { code: '42501' });
});

const addSql = `insert into books.posting (entry_id, position, ledger_account_id, debit, credit)
  values ($1, $2, $3, $4, $5)`;

test('BOK-2: nothing is added to an entry of an earlier transaction, balanced or not', async () => {
  const id = await post([
    { code: '6100', debit: '5' },
    { code: '1000', credit: '5' },
  ]);
  const app = await books.connect('app', company);
  await app.query('begin');
  await assert.rejects(app.query(addSql, [id, 3, account('6100'), 1, 0]), {
    code: '23514',
    constraint: 'journal_append_only',
  });
  await app.query('rollback');
});

test('BOK-2: an entry that was checked early is checked again when more is added', async () => {
  const app = await books.connect('app', company);
  await app.query('begin');
  const { rows } = await app.query<{ id: string }>(
    `insert into books.journal_entry (posted_on, memo) values ('2024-05-01', 'Early') returning id`,
  );
  const id = rows[0]?.id;
  await app.query(addSql, [id, 1, account('6100'), 5, 0]);
  await app.query(addSql, [id, 2, account('1000'), 0, 5]);
  await app.query('set constraints all immediate');
  await assert.rejects(app.query(addSql, [id, 3, account('6100'), 1, 0]), {
    code: '23514',
    constraint: 'entry_unbalanced',
  });
  await app.query('rollback');
});

test('BOK-2: taking the context away before the commit does not hide an unbalanced entry', async () => {
  for (const other of [
    '',
    books.database.sealer.seal({
      tenant: company.tenant,
      company: company.tenant,
      actor: { kind: 'service', id: company.tenant },
    }),
  ]) {
    const app = await books.connect('app', company);
    await app.query('begin');
    const { rows } = await app.query<{ id: string }>(
      `insert into books.journal_entry (posted_on, memo) values ('2024-05-01', 'Hidden') returning id`,
    );
    await app.query(addSql, [rows[0]?.id, 1, account('6100'), 5, 0]);
    await app.query(`select set_config('bulkhead.context', $1, true)`, [other]);
    await assert.rejects(app.query('commit'), { code: '23514', constraint: 'entry_unbalanced' });
  }
});

test('BOK-2: removing an account waits for postings under way and then finds it in use', async () => {
  const spare = await createLedgerAccount(company.session, { code: '6999', name: 'Spare', type: 'expense' });
  const app = await books.connect('app', company);
  await app.query('begin');
  const { rows } = await app.query<{ id: string }>(
    `insert into books.journal_entry (posted_on, memo) values ('2024-05-01', 'Spare') returning id`,
  );
  await app.query(addSql, [rows[0]?.id, 1, spare.id, 5, 0]);
  await app.query(addSql, [rows[0]?.id, 2, account('1000'), 0, 5]);
  const removal = assert.rejects(removeLedgerAccount(company.session, spare.id), {
    constraint: 'ledger_account_in_use',
  });
  await app.query('commit');
  await removal;
});

test('BOK-2: a customer’s balance is what was invoiced less what was settled', async () => {
  const customer = await addCustomer(company);
  await submitInvoice(company.session, await addDraft(company, { customer, unitPrice: '1000' }));
  await post([
    { code: '1000', debit: '190' },
    { code: '1200', credit: '190', customerId: customer },
  ]);
  const balance = await customerBalance(company.session, customer);
  assert.deepEqual(
    [balance?.invoiced, balance?.settled, balance?.balance, balance?.currency],
    ['1190.00', '190.00', '1000.00', 'EUR'],
  );
  assert.equal((await customerBalance(company.session, customer, '2024-03-14'))?.balance, '0.00');
});
