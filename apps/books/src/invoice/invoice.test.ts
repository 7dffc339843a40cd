import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  addCustomer,
  addDraft,
  openTestBooks,
  type TestBooks,
  type TestCompany,
} from '../../test/openBooks.ts';
import { removeCustomer } from '../customer/write.ts';
import { changeDraft, createDraft, removeDraft } from './draft.ts';
import { listInvoices } from './list.ts';
import { readInvoice } from './read.ts';
import { cancelInvoice, submitInvoice } from './transition.ts';

let books: TestBooks;
let company: TestCompany;
before(async () => {
  books = await openTestBooks();
  company = await books.company();
});
after(() => books.close());

const line = { description: 'Work', quantity: '1', unitPrice: '10', taxRate: '0' };
const dates = { issuedOn: '2024-05-01', dueOn: '2024-05-31' };

test('BOK-1: an invoice is created, changed, submitted and cancelled', async () => {
  const { session } = company;
  const customerId = await addCustomer(company);
  const id = await createDraft(session, { customerId, ...dates, reference: 'PO 1', lines: [line] });
  await changeDraft(session, id, {
    lines: [{ ...line, quantity: '3', unitPrice: '33.335', taxRate: '19' }, line],
  });
  const draft = await readInvoice(session, id);
  assert.equal(draft?.status, 'draft');
  assert.deepEqual([draft?.net, draft?.tax, draft?.total], ['110.01', '19.00', '129.01']);
  assert.equal(draft?.lines[0]?.unitPrice, '33.335');

  assert.equal(await submitInvoice(session, id), true);
  const submitted = await readInvoice(session, id);
  assert.equal(submitted?.number, 'INV-00001');
  assert.ok(submitted?.journalEntryId);

  await cancelInvoice(session, id, { reason: 'Sent twice', on: '2024-06-02' });
  const cancelled = await readInvoice(session, id);
  assert.equal(cancelled?.status, 'cancelled');
  assert.ok(cancelled?.reversalEntryId);
  const { rows } = await session.query<{ balance: string; days: string[] }>(
    `select sum(p.debit - p.credit)::text as balance, array_agg(distinct p.posted_on::text order by p.posted_on::text) as days
     from books.posting p join books.journal_entry e on e.id = p.entry_id where e.invoice_id = $1
     group by p.ledger_account_id`,
    [id],
  );
  assert.equal(rows.length, 3);
  for (const row of rows) assert.deepEqual(row, { balance: '0.0000', days: ['2024-05-01', '2024-06-02'] });
});

const refusals: [name: string, constraint: string, sqlstate: string, act: () => Promise<unknown>][] = [
  [
    'zero lines',
    'invoice_has_lines',
    '23514',
    async () => submitInvoice(company.session, await addDraft(company, { lines: 0 })),
  ],
  [
    'a total of nothing',
    'invoice_total_positive',
    '23514',
    async () => submitInvoice(company.session, await addDraft(company, { unitPrice: '0' })),
  ],
  [
    'a day before the books start',
    'before_books_start',
    '23514',
    async () => submitInvoice(company.session, await addDraft(company, { issuedOn: '2019-12-31' })),
  ],
  [
    'submitting twice',
    'invoice_not_draft',
    '23514',
    async () => {
      const id = await addDraft(company);
      await submitInvoice(company.session, id);
      await submitInvoice(company.session, id);
    },
  ],
  [
    'cancelling a draft',
    'invoice_transition',
    '23514',
    async () => cancelInvoice(company.session, await addDraft(company), { reason: 'No' }),
  ],
  [
    'cancelling twice',
    'invoice_not_draft',
    '23514',
    async () => {
      const id = await addDraft(company);
      await submitInvoice(company.session, id);
      await cancelInvoice(company.session, id, { reason: 'Once' });
      await cancelInvoice(company.session, id, { reason: 'Twice' });
    },
  ],
  [
    'cancelling before the issue',
    'invoice_cancelled_after_issue',
    '23514',
    async () => {
      const id = await addDraft(company);
      await submitInvoice(company.session, id);
      await cancelInvoice(company.session, id, { reason: 'No', on: '2024-03-14' });
    },
  ],
  [
    'changing a submitted invoice',
    'invoice_not_draft',
    '23514',
    async () => {
      const id = await addDraft(company);
      await submitInvoice(company.session, id);
      await changeDraft(company.session, id, { note: 'Changed' });
    },
  ],
  [
    'removing a submitted invoice',
    'invoice_not_draft',
    '23514',
    async () => {
      const id = await addDraft(company);
      await submitInvoice(company.session, id);
      await removeDraft(company.session, id);
    },
  ],
  [
    'another currency',
    'currency_mismatch',
    '23514',
    async () =>
      createDraft(company.session, {
        customerId: await addCustomer(company),
        ...dates,
        currency: 'USD',
        lines: [],
      }),
  ],
  [
    'a reference used twice',
    'invoice_reference_unique',
    '23505',
    async () => {
      const customerId = await addCustomer(company);
      await createDraft(company.session, { customerId, ...dates, reference: 'twice', lines: [] });
      await createDraft(company.session, { customerId, ...dates, reference: 'twice', lines: [] });
    },
  ],
  [
    'a removed customer',
    'invoice_customer_fkey',
    '23503',
    async () => {
      const customerId = await addCustomer(company);
      await removeCustomer(company.session, customerId);
      await createDraft(company.session, { customerId, ...dates, lines: [] });
    },
  ],
  [
    'removing a customer with drafts',
    'customer_has_drafts',
    '23503',
    async () => {
      const customer = await addCustomer(company);
      await addDraft(company, { customer });
      await removeCustomer(company.session, customer);
    },
  ],
  [
    'a due date before the issue',
    'invoice_due_on_after_issue',
    '23514',
    async () =>
      createDraft(company.session, {
        customerId: await addCustomer(company),
        issuedOn: '2024-05-02',
        dueOn: '2024-05-01',
        lines: [],
      }),
  ],
  [
    'a negative price',
    'invoice_line_unit_price_not_negative',
    '23514',
    () => addDraft(company, { unitPrice: '-1' }),
  ],
  [
    'an account that earns nothing',
    'invoice_line_income_account',
    '23514',
    async () =>
      createDraft(company.session, {
        customerId: await addCustomer(company),
        ...dates,
        lines: [{ ...line, ledgerAccountId: company.accounts.get('6100') }],
      }),
  ],
  [
    'an amount beyond reason',
    'amount_too_large',
    '23514',
    async () =>
      createDraft(company.session, {
        customerId: await addCustomer(company),
        ...dates,
        lines: [{ ...line, quantity: '99999999', unitPrice: '99999999999999' }],
      }),
  ],
];

for (const [name, constraint, sqlstate, act] of refusals) {
  test(`BOK-1: refuses ${name}`, async () => {
    await assert.rejects(act, { constraint, sqlstate });
  });
}

test('BOK-1: an amount of forty digits is refused as a value, not as a fault', async () => {
  await assert.rejects(addDraft(company, { unitPrice: '1'.repeat(40) }), {
    code: 'invalid_value',
    sqlstate: '22003',
  });
});

test('BOK-2: lines of a submitted invoice are frozen, for the owner too', async () => {
  const id = await addDraft(company);
  await submitInvoice(company.session, id);
  const owner = await books.connect('owner', company);
  for (const statement of [
    `insert into books.invoice_line (invoice_id, position, description, quantity, unit_price) values ($1, 2, 'x', 1, 1)`,
    'update books.invoice_line set quantity = 2 where invoice_id = $1',
    'delete from books.invoice_line where invoice_id = $1',
    `update books.invoice_line set description = 'Other work' where invoice_id = $1`,
    `update books.invoice set due_on = '2030-01-01' where id = $1`,
    `update books.invoice set status = 'draft', number = null, submitted_at = null where id = $1`,
    'update books.invoice set deleted_at = now() where id = $1',
  ]) {
    await assert.rejects(
      owner.query(statement, [id]),
      { code: '23514', constraint: 'invoice_not_draft' },
      statement,
    );
  }
  await assert.rejects(owner.query('delete from books.invoice where id = $1', [id]), { code: '42501' });
});

test('BOK-2: a line added while the invoice is being submitted waits and is refused', async () => {
  const id = await addDraft(company);
  const [submitting, adding] = [await books.connect('app', company), await books.connect('app', company)];
  await submitting.query('begin');
  await submitting.query(`update books.invoice set status = 'submitted' where id = $1`, [id]);
  const addition = assert.rejects(
    adding.query(
      `insert into books.invoice_line (invoice_id, position, description, quantity, unit_price)
       values ($1, 9, 'Free', 1, 0)`,
      [id],
    ),
    { code: '23514', constraint: 'invoice_not_draft' },
  );
  await submitting.query('commit');
  await addition;
});

test('BOK-1: the application role writes neither numbers nor totals', async () => {
  const app = await books.connect('app', company);
  const id = await addDraft(company);
  for (const column of ['number', 'net', 'total', 'submitted_at', 'currency', 'customer_name']) {
    await assert.rejects(
      app.query(`update books.invoice set ${column} = ${column} where id = $1`, [id]),
      { code: '42501' },
      column,
    );
  }
  await assert.rejects(
    app.query(
      `insert into books.invoice (customer_id, issued_on, due_on, status, number)
       select customer_id, issued_on, due_on, 'submitted', 'X' from books.invoice where id = $1`,
      [id],
    ),
    { code: '23514', constraint: 'invoice_starts_as_draft' },
  );
});

test('ISO-6, T-10: a draft cannot name a customer of another company or tenant', async () => {
  const sibling = await books.company({ tenant: company.tenant });
  const stranger = await books.company();
  for (const other of [sibling, stranger]) {
    const customerId = await addCustomer(other);
    await assert.rejects(createDraft(company.session, { customerId, ...dates, lines: [] }), {
      constraint: 'invoice_customer_fkey',
      sqlstate: '23503',
    });
  }
});

test('BOK-1: totals are rounded half away from zero to the minor units of the currency', async () => {
  for (const [currency, unitPrice, total] of [
    ['JPY', '100.5', '120'],
    ['EUR', '0.125', '0.15'],
    ['KWD', '0.0005', '0.001'],
  ] as const) {
    const own = await books.company({ currency });
    const id = await addDraft(own, { unitPrice });
    assert.equal((await readInvoice(own.session, id))?.total, total, currency);
  }
});

test('BOK-1: the list pages through every invoice once and finds by filter', async () => {
  const own = await books.company();
  const customer = await addCustomer(own, 'UNDER_SCORE');
  for (let day = 1; day <= 7; day += 1)
    await addDraft(own, { customer, issuedOn: `2024-01-0${(day % 3) + 1}` });
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listInvoices(own.session, { limit: 3, cursor });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  assert.equal(new Set(seen).size, 7);
  assert.equal(seen.length, 7);
  const found = await listInvoices(own.session, { limit: 10, search: 'r_s' });
  assert.equal(found.items.length, 7);
  assert.equal((await listInvoices(own.session, { limit: 10, search: 'r%s' })).items.length, 0);
  assert.equal((await listInvoices(own.session, { limit: 10, from: '2024-01-03' })).items.length, 2);
});

test('T-43: a forged cursor is refused before it reaches SQL', async () => {
  for (const forged of [
    'x',
    Buffer.from('["2024-01-01\' or 1=1","x"]').toString('base64url'),
    Buffer.from('[]').toString('base64url'),
  ]) {
    await assert.rejects(listInvoices(company.session, { limit: 1, cursor: forged }), {
      code: 'cursor_invalid',
    });
  }
});
