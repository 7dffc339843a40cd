import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../../../test/harness/eventually.ts';
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

  test('EDG-1 a website is allowed, its page calls the API with a key, and it is removed', async (t) => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    const shopServer = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<title>Shop</title>'),
    );
    await new Promise<void>((resolve) => {
      shopServer.listen(0, '127.0.0.1', () => resolve());
    });
    t.after(() => {
      shopServer.closeAllConnections();
      shopServer.close();
    });
    const origin = `http://127.0.0.1:${(shopServer.address() as AddressInfo).port}`;
    await signIn(page, url, keeping.owner);
    await page.getByRole('link', { name: 'API keys' }).click();
    await page.getByText('No website may call this API from a browser.').waitFor();
    await page.getByRole('button', { name: 'Allow a website' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Origin' }).fill('https://*.example.com');
    await dialog.getByRole('button', { name: 'Allow website' }).click();
    await dialog.getByText('No wildcards.', { exact: false }).last().waitFor();
    await dialog.getByRole('textbox', { name: 'Origin' }).fill(origin);
    await dialog.getByRole('button', { name: 'Allow website' }).click();
    const row = page.getByRole('row', { name: origin });
    await row.waitFor();

    const token = await page.evaluate(async () => {
      const made = await fetch('/api/api-keys', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Shop', permissions: ['books:customer.read'] }),
      });
      return ((await made.json()) as { token: string }).token;
    });
    const shop = await open();
    await shop.page.goto(origin);
    const call = (key: string) =>
      shop.page.evaluate(
        async ([address = '', authorization = '']) => {
          const answer = await fetch(address, { headers: { authorization } }).catch(() => undefined);
          return answer === undefined ? 'unreadable' : answer.status;
        },
        [`${url}/api/books/customers`, `Bearer ${key}`],
      );
    assert.equal(await call(token), 200);
    assert.equal(await call(`${token.slice(0, -1)}x`), 'unreadable');

    await row.getByRole('button', { name: `Remove ${origin}` }).click();
    await dialog.getByRole('button', { name: 'Remove website' }).click();
    await page.getByText('No website may call this API from a browser.').waitFor();
    await eventually(async () => ((await call(token)) === 'unreadable' ? true : undefined), {
      what: 'the server to notice',
    });
    assert.deepEqual(complaints, []);
    await Promise.all([context.close(), shop.context.close()]);
  });
});
