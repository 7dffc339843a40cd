import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addDraft, openTestBooks, type TestBooks } from '../../test/openBooks.ts';
import { submitInvoice } from '../invoice/transition.ts';

let books: TestBooks;
before(async () => {
  books = await openTestBooks();
});
after(() => books.close());

test('BOK-2: numbers stay gapless under sixteen submitters of which some roll back', async () => {
  const own = await books.company();
  const drafts = await Promise.all(Array.from({ length: 96 }, () => addDraft(own)));
  class Regret extends Error {}
  await Promise.all(
    drafts.map((id, index) =>
      own.session
        .transaction(async (tx) => {
          await submitInvoice(tx, id);
          if ((index * 7919) % 5 < 2) throw new Regret();
        })
        .catch((error: unknown) => {
          if (!(error instanceof Regret)) throw error;
        }),
    ),
  );
  const { rows } = await own.session.query<{ number: string; entry: number }>(
    `select i.number, e.number::int as entry from books.invoice i join books.journal_entry e on e.invoice_id = i.id
     where i.status = 'submitted' order by i.number`,
  );
  const kept = drafts.filter((_, index) => (index * 7919) % 5 >= 2).length;
  assert.deepEqual(
    rows.map(({ number }) => number),
    Array.from({ length: kept }, (_, index) => `INV-${String(index + 1).padStart(5, '0')}`),
  );
  assert.deepEqual(
    rows.map(({ entry }) => entry).toSorted((a, b) => a - b),
    Array.from({ length: kept }, (_, index) => index + 1),
  );
});

test('BOK-2: not even the owner makes a gap in a number series', async () => {
  const owner = await books.connect('owner', await books.company());
  for (const change of ['next_value + 2', 'next_value - 1', '1']) {
    await assert.rejects(
      owner.query(`update books.number_series set next_value = ${change} where kind = 'invoice'`),
      {
        code: '23514',
        constraint: 'number_series_gapless',
      },
    );
  }
});
