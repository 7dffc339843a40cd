import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('the audit page (AUD-5)', (world) => {
  const openAudit = async (query = '') => {
    const { url, keeping, open } = world();
    const watched = await open();
    await signIn(watched.page, url, keeping.owner);
    await watched.page.goto(`${url}/audit${query}`);
    await watched.page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
    return { ...watched, url, keeping };
  };

  test('text is searched for in what changed, and a search is kept, opened and removed', async () => {
    const { page, context, complaints, keeping } = await openAudit();
    const search = page.getByRole('searchbox', { name: 'Search before, after and detail' });
    await search.fill('quayside');
    await page.waitForURL(/text=quayside/);
    const found = page.getByRole('button', { expanded: false, name: /insert.*books\.customer.*Quayside/ });
    await found.waitFor();
    await page.getByRole('button', { name: 'Kept searches' }).click();
    await page.getByLabel('Keep this search as').fill('About Quayside');
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByRole('menuitem', { name: 'About Quayside' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.waitForURL((address) => !address.searchParams.has('text'));
    await page.getByRole('button', { name: 'Kept searches' }).click();
    await page.getByRole('menuitem', { name: 'About Quayside' }).click();
    await found.waitFor();
    await page.waitForURL(/text=quayside/);
    await page.getByRole('button', { name: 'Kept searches' }).click();
    await page.getByRole('button', { name: 'Remove the search About Quayside' }).click();
    await page.getByText('None kept yet').waitFor();
    assert.equal(keeping.customer.name, 'Quayside Café');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('live: a change shows by itself, once, and no longer when it is off', async () => {
    const { page, context, complaints, keeping } = await openAudit();
    await page.getByRole('switch', { name: 'Live' }).click();
    const fresh = page.getByRole('region', { name: 'New entries' });
    await fresh.getByText('Nothing new yet.').waitFor();
    await fresh.getByText('Live', { exact: true }).waitFor();
    await keeping.books.books.customers.create({ code: 'LIVE', name: 'Lighthouse Tea', country: 'GB' });
    await fresh.getByRole('button', { name: /insert.*books\.customer.*Lighthouse Tea/ }).waitFor();
    await fresh.getByText('1 new', { exact: true }).waitFor();
    await page.getByRole('switch', { name: 'Live' }).click();
    await fresh.waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('one click exports what the filters find; an old proof is asked for anew', async () => {
    const { page, context, complaints } = await openAudit('?type=books.customer');
    const download = async (item: string): Promise<string> => {
      await page.getByRole('button', { name: 'Export' }).click();
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: item }).click(),
      ]);
      return readFile(await file.path(), 'utf8');
    };
    const csv = await download('CSV, for a spreadsheet');
    assert.match(csv, /^id,occurredAt,/);
    assert.match(csv, /Quayside Café/);
    assert.ok(!csv.includes('books.invoice'), 'only what the filters find');
    const lines = (await download('JSON Lines, with the hashed bytes')).trimEnd().split('\n');
    assert.equal((JSON.parse(lines[0] ?? '') as { format: string }).format, 'bulkhead-audit-entries/1');
    await world().ageProofs();
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'CSV, for a spreadsheet' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Password').fill('seven copper lanterns drift');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      dialog.locator('button[type=submit]').click(),
    ]);
    assert.match(await readFile(await file.path(), 'utf8'), /Quayside/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('who changed this: on the page of an invoice and of a customer, and from there to one request', async () => {
    const { page, context, complaints, url, keeping } = await openAudit();
    await page.goto(`${url}/invoices?customer=${keeping.customer.id}`);
    const history = page.getByRole('heading', { name: 'Who changed this' });
    await history.waitFor();
    await page.getByRole('button', { expanded: false, name: /insert.*books\.customer.*Quayside/ }).click();
    await page.getByRole('link', { name: /^[0-9a-f-]{20,}$/ }).click();
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
    await page.getByText('One request only').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
