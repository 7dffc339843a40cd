import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestBooks, type TestBooks } from '../../test/openBooks.ts';
import { listJournal } from './list.ts';
import { postEntry } from './post.ts';

let books: TestBooks;
before(async () => {
  books = await openTestBooks();
});
after(() => books.close());

test('BOK-2: the journal lists by day and number, pages once through all, and filters', async () => {
  const own = await books.company();
  const entry = (postedOn: string, code: string) =>
    postEntry(own.session, {
      postedOn,
      memo: `Entry of ${postedOn}`,
      postings: [
        { ledgerAccountId: own.accounts.get(code) as string, debit: '5' },
        { ledgerAccountId: own.accounts.get('1000') as string, credit: '5' },
      ],
    });
  for (const day of ['2024-02-01', '2024-02-01', '2024-01-05', '2024-03-01']) await entry(day, '6100');
  await entry('2024-02-02', '6200');
  const numbers: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await listJournal(own.session, { limit: 2, cursor });
    numbers.push(...page.items.map(({ number }) => number));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  assert.deepEqual(numbers, [4, 5, 2, 1, 3]);
  const filtered = await listJournal(own.session, { limit: 9, ledgerAccountId: own.accounts.get('6200') });
  assert.equal(filtered.items.length, 1);
  assert.equal((await listJournal(own.session, { limit: 9, search: '2024-01' })).items.length, 1);
});
