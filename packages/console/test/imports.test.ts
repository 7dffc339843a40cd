import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

const csv = [
  'code,name,email',
  'NET-1,Net Lofts,nets@loft.example',
  'NET-2,,broken',
  'NET-3,Rope Walk,',
].join('\n');

describeInConsole('import in the console (BOK-1)', (world) => {
  async function codes(): Promise<string[]> {
    const { items } = await world().keeping.books.books.customers.list({});
    return items.map(({ code }) => code).sort();
  }

  test('a file that is not in UTF-8 is refused before anything is sent', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('button', { name: keeping.company.name, exact: true }).click();
    await page.goto(`${url}/import`);
    const latin1 = Buffer.from('code,name\nCAF,Caf\u00e9', 'latin1');
    await page
      .getByLabel('CSV file')
      .setInputFiles({ name: 'latin1.csv', mimeType: 'text/csv', buffer: latin1 });
    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.getByRole('alert').getByText('The file is not in UTF-8.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a file with a bad line is checked, refused whole, then imported without that line', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('button', { name: keeping.company.name, exact: true }).click();
    await page.goto(`${url}/import`);
    await page
      .getByLabel('CSV file')
      .setInputFiles({ name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });

    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.getByText('1 of 3 lines has problems.').waitFor();
    const problems = page.getByRole('table', { name: 'Problems by line' });
    assert.deepEqual(await problems.getByRole('row').locator('td:first-child').allInnerTexts(), ['3', '3']);
    assert.deepEqual(await codes(), ['QUAY']);

    await page.getByLabel('All or nothing').check();
    await page.getByRole('button', { name: 'Import the file' }).click();
    await page.getByText('Nothing was imported.').waitFor();
    assert.deepEqual(await codes(), ['QUAY']);

    await page.getByLabel('Skip bad lines').check();
    await page.getByRole('button', { name: 'Import the file' }).click();
    await page.getByText('2 of 3 lines are imported, 1 left out.').waitFor();
    await page.getByRole('link', { name: 'See the customers' }).click();
    await page.getByRole('link', { name: 'Rope Walk' }).waitFor();
    assert.deepEqual(await codes(), ['NET-1', 'NET-3', 'QUAY']);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
