import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { progressEvents } from '@bulkhead/server/module';
import pg from 'pg';
import { addCustomer, openTestBooks, type TestBooks, type TestCompany } from '../../test/openBooks.ts';
import type { ImportEvent, ImportMode } from '../contract/index.ts';
import { exportCustomers } from '../customer/export.ts';
import { customerImport, invoiceImport } from './kinds.ts';
import { runImport, type Done, type Progress } from './run.ts';

let books: TestBooks;
let company: TestCompany;
before(async () => {
  books = await openTestBooks();
  company = await books.company();
});
after(() => books.close());

type Options = {
  mode?: ImportMode;
  into?: TestCompany;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
};

function importing(kind: 'customers' | 'invoices', csv: string, options: Options = {}): Promise<Done> {
  const request = {
    session: (options.into ?? company).session,
    csv,
    mode: options.mode ?? ('all-or-nothing' as const),
    onProgress: options.onProgress ?? (() => {}),
    signal: options.signal ?? new AbortController().signal,
  };
  return kind === 'customers' ? runImport(customerImport, request) : runImport(invoiceImport, request);
}

async function countOf(table: 'customer' | 'invoice' | 'invoice_line', of = company): Promise<number> {
  const { rows } = await of.session.query<{ count: number }>(
    `select count(*)::int as count from books.${table}`,
  );
  return rows[0]?.count ?? -1;
}

type Bad = [name: string, csv: string, errors: [line: number, column: string | null, code: string][]];

const badCustomerFiles: Bad[] = [
  ['an empty file', '', [[1, null, 'file_empty']]],
  ['nothing but a byte order mark', '\uFEFF', [[1, null, 'file_empty']]],
  ['a web page (EDG-8)', '<!doctype html>\n<script>code,name</script>\n', [[1, null, 'type_mismatch']]],
  ['a PDF (EDG-8)', '%PDF-1.7\ncode,name\nA1,A\n', [[1, null, 'type_mismatch']]],
  ['a drawing with a script (EDG-8)', '\uFEFF <svg onload=alert(1)>,name\n', [[1, null, 'type_mismatch']]],
  ['a missing column', 'code,email\nA1,a@b.example\n', [[1, null, 'header_invalid']]],
  ['an unknown column', 'code,name,colour\nA1,A,red\n', [[1, null, 'header_invalid']]],
  ['a column twice', 'code,name,name\nA1,A,A\n', [[1, null, 'header_invalid']]],
  ['a header of another delimiter', 'code|name\nA1|A\n', [[1, null, 'header_invalid']]],
  [
    'Latin-1 read as UTF-8',
    Buffer.from('code,name\nA1,Good\nA2,M\xfcller\n', 'latin1').toString('utf8'),
    [[3, null, 'encoding_invalid']],
  ],
  [
    'UTF-16 read as UTF-8',
    Buffer.from('\uFEFFcode,name\n', 'utf16le').toString('utf8'),
    [[1, null, 'encoding_invalid']],
  ],
  ['a NUL byte', 'code,name\nA1,Go\0od\n', [[2, null, 'encoding_invalid']]],
  ['a lone surrogate', 'code,name\nA1,\ud800\n', [[2, null, 'encoding_invalid']]],
  ['a quote never closed', 'code,name\nA1,"Open\nA2,B\n', [[2, null, 'quote_misplaced']]],
  ['text after a closing quote', 'code,name\nA1,"A" B\n', [[2, null, 'quote_misplaced']]],
  ['a quote within a cell', 'code,name\nA1,A"B\n', [[2, null, 'quote_misplaced']]],
  ['a record without end', `code,name\nA1,${'x'.repeat(30_000)}\n`, [[2, null, 'record_too_long']]],
  ['too few cells, reported once', 'code,name,email\nA1,A\n', [[2, null, 'column_count']]],
  ['too many cells', 'code,name\nA1,A,B\n', [[2, null, 'column_count']]],
  [
    'values missing and wrong, each with its column',
    'code,name,email,country\n,,not-mail,de\n',
    [
      [2, 'code', 'value_missing'],
      [2, 'name', 'value_missing'],
      [2, 'email', 'value_invalid'],
      [2, 'country', 'value_invalid'],
    ],
  ],
  ['a control character', 'code,name\nA1,Bell\u0007\n', [[2, 'name', 'value_invalid']]],
  ['a name of 201 characters', `code,name\nA1,${'x'.repeat(201)}\n`, [[2, 'name', 'value_invalid']]],
  ['a code twice, whatever its case', 'code,name\nA1,A\na1,B\n', [[3, 'code', 'duplicate_in_file']]],
  ['a code that exists', 'code,name\nTAKEN,A\n', [[2, 'code', 'already_exists']]],
  [
    'lines counted through quoted newlines and blank lines',
    'code,name,street\r\nA1,A,"One\r\nTwo"\r\n\r\nA2,,x\r\n',
    [
      [2, 'street', 'value_invalid'],
      [5, 'name', 'value_missing'],
    ],
  ],
  [
    'too many records',
    `code,name\n${Array.from({ length: 10_001 }, (_, n) => `B${n},B`).join('\n')}`,
    [[10_002, null, 'too_many_records']],
  ],
];

test('BOK-1: customer files that are wrong are refused line by line and write nothing', async (t) => {
  await addCustomer(company, 'TAKEN');
  const before = await countOf('customer');
  for (const [name, csv, errors] of badCustomerFiles) {
    await t.test(name, async () => {
      const done = await importing('customers', csv);
      assert.deepEqual(
        done.errors.map(({ line, column, code }) => [line, column, code]),
        errors,
      );
      assert.deepEqual([done.imported, done.written, done.errorCount], [0, false, errors.length]);
      for (const { message } of done.errors) assert.match(message, /\.$/);
    });
  }
  assert.equal(await countOf('customer'), before);
});

const invoiceHeader =
  'reference,customer_code,issued_on,due_on,description,quantity,unit_price,tax_rate,currency,account_code';
const good = 'R1,BUYER,2024-01-10,2024-02-10,Work,2,10.50,19,EUR,4000';

const badInvoiceLines: [name: string, lines: string[], errors: [number, string | null, string][]][] = [
  ['an unknown customer', [good.replace('BUYER', 'NOBODY')], [[2, 'customer_code', 'customer_missing']]],
  ['another currency', [good.replace('EUR', 'USD')], [[2, 'currency', 'currency_mismatch']]],
  ['an expense account', [good.replace('4000', '6100')], [[2, 'account_code', 'ledger_account_missing']]],
  [
    'a day that does not exist',
    [good.replace('2024-01-10', '2023-02-29')],
    [[2, 'issued_on', 'value_invalid']],
  ],
  [
    'a day of another century',
    [good.replace('2024-01-10', '0024-01-10')],
    [[2, 'issued_on', 'value_invalid']],
  ],
  ['due before issue', [good.replace('2024-02-10', '2024-01-09')], [[2, 'due_on', 'due_before_issue']]],
  ['a negative price', [good.replace('10.50', '-10.50')], [[2, 'unit_price', 'value_invalid']]],
  ['a price of forty digits', [good.replace('10.50', '9'.repeat(40))], [[2, 'unit_price', 'value_invalid']]],
  ['a price with thousands', [good.replace('10.50', '"1,010.50"')], [[2, 'unit_price', 'value_invalid']]],
  ['a price in scientific notation', [good.replace('10.50', '1e3')], [[2, 'unit_price', 'value_invalid']]],
  ['a quantity of zero', [good.replace(',2,', ',0.000,')], [[2, 'quantity', 'value_invalid']]],
  ['tax above a hundred', [good.replace(',19,', ',100.01,')], [[2, 'tax_rate', 'value_invalid']]],
  ['a line too large', [good.replace('10.50', '99999999999999')], [[2, 'unit_price', 'amount_too_large']]],
  [
    'lines that disagree',
    [good, good.replace('2024-02-10', '2024-02-11')],
    [[3, 'due_on', 'differs_in_invoice']],
  ],
  ['a reference that exists', [good.replace('R1', 'OLD')], [[2, 'reference', 'already_exists']]],
  ['201 lines', Array.from({ length: 201 }, () => good), [[202, 'reference', 'too_many_lines']]],
];

test('BOK-1: invoice files that are wrong are refused line by line and write nothing', async (t) => {
  await addCustomer(company, 'BUYER');
  const first = await importing('invoices', `${invoiceHeader}\n${good.replace('R1', 'OLD')}`);
  assert.equal(first.imported, 1);
  const before = await countOf('invoice');
  for (const [name, lines, errors] of badInvoiceLines) {
    await t.test(name, async () => {
      const done = await importing('invoices', [invoiceHeader, ...lines].join('\n'));
      assert.deepEqual(
        done.errors.map(({ line, column, code }) => [line, column, code]),
        errors,
      );
      assert.equal(done.written, false);
    });
  }
  assert.equal(await countOf('invoice'), before);
});

test('BOK-1: good files in every accepted form', async (t) => {
  const forms: [string, string][] = [
    ['LF', 'code,name\nF1,A\n'],
    ['CRLF without a last line end', 'code,name\r\nF2,A'],
    ['CR', 'code,name\rF3,A\r'],
    ['byte order mark', '\uFEFFcode,name\nF4,Ä😀\n'],
    ['semicolons, columns in another order', 'name;code\n"A;B";F5\n'],
    ['quotes doubled', 'code,name\nF6,"A ""B"" C"\n'],
    ['lower-case code', 'code,name\nf7,A\n'],
  ];
  const own = await books.company();
  for (const [name, csv] of forms) {
    await t.test(name, async () => {
      const done = await importing('customers', csv, { into: own });
      assert.deepEqual([done.imported, done.errors], [1, []]);
    });
  }
  const { rows } = await own.session.query<{ code: string; name: string }>(
    'select code, name from books.customer order by code',
  );
  assert.deepEqual(
    rows.map(({ code, name }) => `${code} ${name}`),
    ['F1 A', 'F2 A', 'F3 A', 'F4 Ä😀', 'F5 A;B', 'F6 A "B" C', 'F7 A'],
  );
});

test('BOK-1: a semicolon file may write amounts with a comma, and lines become one invoice', async () => {
  const own = await books.company();
  await addCustomer(own, 'BUYER');
  const csv = [
    'reference;customer_code;issued_on;due_on;description;quantity;unit_price;tax_rate',
    'R1;BUYER;2024-01-10;2024-02-10;Work;1,5;100,00;19',
    'R2;BUYER;2024-01-10;2024-02-10;Other;1;0,50;',
    'R1;BUYER;2024-01-10;2024-02-10;Travel;1;20;0',
  ].join('\n');
  const done = await importing('invoices', csv, { into: own });
  assert.equal(done.imported, 3);
  const { rows } = await own.session.query<{ reference: string; total: string; status: string }>(
    'select reference, total::text, status from books.invoice order by reference',
  );
  assert.deepEqual(rows, [
    { reference: 'R1', total: '198.5000', status: 'draft' },
    { reference: 'R2', total: '0.5000', status: 'draft' },
  ]);
});

test('BOK-1: skip-bad-lines writes the good ones; an invoice with a bad line is left out whole', async () => {
  const own = await books.company();
  await addCustomer(own, 'BUYER');
  const customers = await importing('customers', 'code,name\nG1,A\n,B\nG2,C\n', {
    into: own,
    mode: 'skip-bad-lines',
  });
  assert.deepEqual(
    [customers.imported, customers.skipped, customers.errorCount, customers.written],
    [2, 1, 1, true],
  );
  const csv = [invoiceHeader, good, good.replace('R1', 'R2'), good.replace('10.50', 'ten')].join('\n');
  const invoices = await importing('invoices', csv, { into: own, mode: 'skip-bad-lines' });
  assert.deepEqual([invoices.imported, invoices.skipped, invoices.errorCount], [1, 2, 1]);
  assert.deepEqual([await countOf('invoice', own), await countOf('invoice_line', own)], [1, 1]);
});

test('BOK-1: a dry run judges everything and writes nothing', async () => {
  const own = await books.company();
  const done = await importing('customers', 'code,name\nG1,A\nG2,B\n', { into: own, mode: 'dry-run' });
  assert.deepEqual(
    [done.imported, done.errorCount, done.written, await countOf('customer', own)],
    [0, 0, false, 0],
  );
});

test('BOK-1: a reader that leaves halfway leaves nothing half-done', async () => {
  const own = await books.company();
  const csv = `code,name\n${Array.from({ length: 3000 }, (_, n) => `H${n},Name ${n}`).join('\n')}`;
  let settled: Promise<Done> | undefined;
  const events = progressEvents<Progress, Done>((watch) => {
    settled = importing('customers', csv, { into: own, ...watch });
    return settled;
  });
  for await (const event of events) {
    if (event.type === 'progress' && event.stage === 'writing') break;
  }
  await assert.rejects(settled as Promise<Done>, { name: 'AbortError' });
  assert.equal(await countOf('customer', own), 0);
});

test('BOK-1: an import whose connection dies writes nothing', async () => {
  const own = await books.company();
  const csv = `code,name\n${Array.from({ length: 2000 }, (_, n) => `K${n},Name ${n}`).join('\n')}`;
  const superuser = new pg.Client(books.database.connections.superuser);
  await superuser.connect();
  let batches = 0;
  const dying = {
    ...customerImport,
    write: async (...given: Parameters<typeof customerImport.write>) => {
      batches += 1;
      if (batches === 3) {
        const { rows } = await superuser.query<{ ended: boolean }>(
          `select pg_terminate_backend(pid, 10000) as ended from pg_stat_activity
           where datname = current_database() and state = 'idle in transaction'`,
        );
        assert.deepEqual(rows, [{ ended: true }]);
      }
      await customerImport.write(...given);
    },
  };
  const request = { session: own.session, csv, mode: 'all-or-nothing', onProgress: () => {} } as const;
  await assert.rejects(runImport(dying, { ...request, signal: new AbortController().signal }), {
    code: 'database_unavailable',
  });
  await superuser.end();
  assert.equal(await countOf('customer', own), 0);
});

test('BOK-1: the events are progress and then one end', async () => {
  const own = await books.company();
  const csv = `code,name\n${Array.from({ length: 1200 }, (_, n) => `P${n},Name ${n}`).join('\n')}`;
  const seen: ImportEvent[] = [];
  const events = progressEvents<Progress, Done>((watch) =>
    importing('customers', csv, { into: own, ...watch }),
  );
  for await (const event of events) seen.push(event);
  const last = seen.pop();
  assert.deepEqual(last?.type === 'done' && [last.imported, last.total], [1200, 1200]);
  assert.ok(seen.length > 0 && seen.every(({ type }) => type === 'progress'));
  const written = seen.flatMap((event) =>
    event.type === 'progress' && event.stage === 'writing' ? [event.done] : [],
  );
  assert.deepEqual(
    written,
    written.toSorted((a, b) => a - b),
  );
});

test('BOK-1: two imports of the same codes at once: one wins whole, the other writes nothing', async () => {
  const own = await books.company();
  const csv = `code,name\n${Array.from({ length: 800 }, (_, n) => `W${n},Name ${n}`).join('\n')}`;
  const results = await Promise.allSettled([
    importing('customers', csv, { into: own }),
    importing('customers', csv, { into: own }),
  ]);
  assert.equal(await countOf('customer', own), 800);
  const imported = results.map((result) => (result.status === 'fulfilled' ? result.value.imported : 0));
  assert.deepEqual(
    imported.toSorted((a, b) => a - b),
    [0, 800],
  );
});

test('BOK-1: an export is harmless in a spreadsheet and reads back as it was', async () => {
  const [from, to] = [await books.company(), await books.company()];
  const names = ['=HYPERLINK("http://x")', '+49', '-1', '@sum', "'=quoted", "'plain", 'A;B,"C"', 'Grüße'];
  const values = names.map((name, index) => ({ code: `X${index}`, name }));
  for (const { code, name } of values) {
    await from.session.query('insert into books.customer (code, name) values ($1, $2)', [code, name]);
  }
  const csv = await exportCustomers(from.session);
  for (const cell of csv.split('\r\n').flatMap((row) => row.split(',')))
    assert.doesNotMatch(cell, /^"?[=+\-@]/);
  const done = await importing('customers', csv, { into: to });
  assert.deepEqual(done.errors, []);
  const { rows } = await to.session.query<{ name: string }>('select name from books.customer order by code');
  assert.deepEqual(
    rows.map(({ name }) => name),
    names,
  );
});
