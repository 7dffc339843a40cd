import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'svix';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('incoming webhooks in the console (EDG-5)', (world) => {
  test('a source is added, its secret shown once, what it sends is listed, and it is removed', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('link', { name: 'Incoming webhooks' }).click();
    await page.getByText('Nobody sends webhooks here yet.').waitFor();
    await page.getByRole('button', { name: 'New source' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Sign-up service');
    await dialog.getByLabel('Signed as').selectOption('svix');
    await dialog.getByRole('button', { name: 'Add source' }).click();
    const secret = await dialog
      .getByLabel('Signing secret', { exact: true })
      .and(dialog.locator('[readonly]'))
      .inputValue();
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    const address = (await dialog.locator('code').innerText()).replace('localhost', '127.0.0.1');
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('heading', { name: 'Sign-up service' }).waitFor();
    assert.ok(!(await page.content()).includes(secret), 'the secret is shown once');

    const body = JSON.stringify({ type: 'user.created', data: { id: 'user_1' } });
    const at = new Date();
    const answer = await fetch(address, {
      method: 'POST',
      headers: {
        'svix-id': 'msg_console',
        'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
        'svix-signature': new Webhook(secret).sign('msg_console', at, body),
      },
      body,
    });
    assert.equal(answer.status, 200);
    // No module listens for it, and the page asks again every five seconds.
    const row = page.getByRole('row', { name: /user\.created/ });
    await row.getByText('Ignored').waitFor();

    await page.getByRole('button', { name: 'New secret for Sign-up service' }).click();
    await dialog.getByRole('button', { name: 'Replace secret' }).click();
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('An old secret goes on until').waitFor();
    await page.getByRole('button', { name: 'End it now' }).click();
    await page.getByText('An old secret goes on until').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Remove Sign-up service' }).click();
    await dialog.getByRole('button', { name: 'Remove source' }).click();
    await page.getByText('Nobody sends webhooks here yet.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the billing page tells the tier and its standing (EDG-3)', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('link', { name: 'Billing' }).click();
    await page.getByRole('heading', { name: 'Standard' }).waitFor();
    await page.getByText('No subscription').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
