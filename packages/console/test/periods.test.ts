import assert from 'node:assert/strict';
import { test } from 'node:test';
import { year } from './bookkeeping.ts';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('sign-off in the console (BOK-3)', (world) => {
  test('a period is signed off after a warning, and takes no more postings', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    const draft = await keeping.books.books.invoices.create({
      customerId: keeping.customer.id,
      issuedOn: `${year}-01-20`,
      dueOn: `${year}-02-20`,
      lines: [{ description: 'Late', quantity: '1', unitPrice: '10' }],
    });
    await signIn(page, url, keeping.owner);
    await page.goto(`${url}/periods`);
    await page.getByRole('button', { name: keeping.company.name, exact: true }).click();
    await page.getByRole('button', { name: `Sign off 1 Jan ${year} to 31 Jan ${year}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('This is final.').waitFor();
    await dialog.getByText('One draft is dated in this period').waitFor();
    await dialog.getByLabel('Note (optional)').fill('Checked against the bank');
    await dialog.getByRole('button', { name: 'Sign off for good' }).click();
    const january = page.getByRole('row', { name: new RegExp(`1 Jan ${year}`) });
    await january.getByText('Signed off', { exact: true }).waitFor();
    await january.getByText('Checked against the bank').waitFor();
    assert.equal(await january.getByRole('button').count(), 0);

    await page.goto(`${url}/invoices/${draft.id}`);
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Submit invoice' }).click();
    await page.getByRole('alert').getByText('The period is signed off.').waitFor();
    await page
      .getByRole('alert')
      .getByRole('button', { name: /^Copy request id/ })
      .waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the reports of the company balance', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('button', { name: keeping.company.name, exact: true }).click();
    await page.goto(`${url}/reports?to=${year}-12-31`);
    const total = page.getByRole('row', { name: /^Total EUR/ });
    // Three invoices over 12, 24 and 36 loaves at 3.45 and 20 % tax.
    assert.match((await total.innerText()).replace(/\s+/g, ' '), /298\.08 298\.08 298\.08 298\.08/);
    await page.getByRole('link', { name: 'Profit and loss' }).click();
    const profit = page.getByRole('row', { name: /^Profit/ });
    assert.match(await profit.innerText(), /248\.40/);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
