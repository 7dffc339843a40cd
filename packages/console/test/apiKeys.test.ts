import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('API keys in the console (ACC-4)', (world) => {
  test('a key is made, shown once, used, and revoked', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('link', { name: 'API keys' }).click();
    await page.getByText('No program has a key yet.').waitFor();
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Nightly export');
    await dialog.getByLabel('Search permissions').fill('customer');
    await dialog.getByLabel('customer.read').check();
    await dialog.getByLabel('Search permissions').fill('');
    await dialog.getByLabel('invoice.read').check();
    await dialog.getByRole('button', { name: 'Make key' }).click();
    const token = await dialog.getByLabel('API key').inputValue();
    assert.match(token, /^bhk_[A-Za-z0-9_-]{43}[0-9a-f]{8}$/);
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await dialog.waitFor({ state: 'hidden' });

    const list = await fetch(`${url}/api/books/customers`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(list.status, 200);
    const row = page.getByRole('row', { name: /Nightly export/ });
    assert.match(await row.innerText(), /books:customer\.read and 1 more/);
    assert.ok(!(await page.content()).includes(token.slice(10)), 'the key is shown once');
    await row.getByRole('button', { name: 'Revoke Nightly export' }).click();
    await dialog.getByRole('button', { name: 'Revoke key' }).click();
    await page.getByText('No program has a key yet.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
