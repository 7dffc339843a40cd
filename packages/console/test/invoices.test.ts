import assert from 'node:assert/strict';
import { test } from 'node:test';
import { year } from './bookkeeping.ts';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('invoices in the console (BOK-1, BOK-2, AUD-1)', (world) => {
  test('a draft is written, submitted and cancelled, and the audit log shows each change', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('button', { name: /^Company: All companies/ }).click();
    await page.getByRole('menuitemradio', { name: keeping.company.name }).click();

    await page.getByRole('link', { name: 'Invoices', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Invoices' }).waitFor();
    await page.getByRole('link', { name: 'New invoice' }).click();
    await page.getByRole('combobox', { name: 'Customer' }).fill('Quay');
    await page.getByRole('option', { name: keeping.customer.name }).click();
    await page.getByLabel('Issued').fill(`${year}-05-02`);
    await page.getByLabel('Due').fill(`${year}-06-01`);

    const first = page.getByRole('group', { name: 'Line 1' });
    await first.getByLabel('Description').fill('Rye loaf');
    await first.getByLabel('Quantity').fill('3');
    await first.getByLabel('Unit price').fill('1.005');
    await first.getByLabel('Tax %').fill('7.5');
    await first.getByLabel('Tax %').press('Enter');
    const second = page.getByRole('group', { name: 'Line 2' });
    await second.getByLabel('Description').fill('Delivery');
    await second.getByLabel('Unit price').fill('1,250');
    // 3 x 1.005 = 3.015 rounds to 3.02; its tax 0.2265 to 0.23; 7.5 % of 1,250 is 93.75.
    await page.getByText('1,347.00').waitFor();
    await page.getByRole('button', { name: 'Save draft' }).click();

    await page.getByRole('heading', { name: `Draft for ${keeping.customer.name}` }).waitFor();
    await page.getByRole('cell', { name: '1,347.00' }).waitFor();
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Submit invoice' }).click();
    await page.getByRole('heading', { name: /^Invoice INV-/ }).waitFor();

    await page.getByRole('button', { name: 'Cancel invoice' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel invoice' }).click();
    await dialog.getByText('Say why; it is kept with the invoice.').waitFor();
    await dialog.getByLabel('Reason').fill('Ordered twice');
    await dialog.getByRole('button', { name: 'Cancel invoice' }).click();
    await page.getByText('cancelled', { exact: true }).waitFor();
    await page.getByText('Ordered twice').waitFor();

    await page.getByRole('link', { name: 'Every change' }).click();
    await page.getByRole('heading', { name: 'Audit' }).waitFor();
    const entry = page.getByRole('button', { expanded: false, name: /update.*books\.invoice.*status/ });
    await entry.first().click();
    const row = page.getByRole('row', { name: /^status/ });
    assert.match((await row.innerText()).replace(/\s+/g, ' '), /^status − was submitted \+ is cancelled$/);
    await page.getByRole('button', { name: /^Show \d+ unchanged fields$/ }).click();
    await page.getByRole('row', { name: /^customer_name/ }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('what is wrong with a line is said beside its field, and nothing is sent', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('button', { name: keeping.company.name }).click();
    await page.goto(`${url}/invoices/new`);
    const line = page.getByRole('group', { name: 'Line 1' });
    await line.getByLabel('Quantity').fill('0');
    await line.getByLabel('Unit price').fill('12.34567');
    await line.getByLabel('Tax %').fill('101');
    await page.getByRole('button', { name: 'Save draft' }).click();
    for (const text of [
      'Choose a customer.',
      'Describe what is sold.',
      'More than zero.',
      'At most 4 decimals.',
      'At most 100.',
    ]) {
      await page.getByText(text).waitFor();
    }
    await page.locator('[aria-invalid="true"]:focus').waitFor();
    const { items } = await keeping.books.books.invoices.list({ status: 'draft' });
    assert.deepEqual(items, []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a filter and a search stand in the address', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.goto(`${url}/invoices`);
    await page.getByLabel('Status').selectOption('submitted');
    await page.getByLabel('Search invoices').fill('ORDER-2');
    await page.waitForURL(/status=submitted&search=ORDER-2|search=ORDER-2&status=submitted/);
    await page.getByText('1 invoice', { exact: true }).waitFor();
    await page.reload();
    assert.equal(await page.getByLabel('Search invoices').inputValue(), 'ORDER-2');
    await page.getByLabel('Search invoices').fill('nothing like it');
    await page.getByText('No invoice matches.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a long list is read page by page', async () => {
    const { url, keeping, open } = world();
    const draft = {
      customerId: keeping.customer.id,
      issuedOn: `${year}-07-01`,
      dueOn: `${year}-07-31`,
      lines: [],
    };
    await Promise.all(Array.from({ length: 52 }, () => keeping.books.books.invoices.create(draft)));
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.goto(`${url}/invoices?status=draft`);
    await page.getByText('First 50 invoices').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Draft' }).count(), 50);
    await page.getByRole('button', { name: 'Load more' }).click();
    await page.getByText('52 invoices').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Draft' }).count(), 52);
    assert.equal(await page.getByRole('button', { name: 'Load more' }).count(), 0);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
