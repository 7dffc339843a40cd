import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { missing } from '../../../test/harness/index.ts';
import { openReceiver, status, verify, type Receiver } from '../../platform/test/webhooks.ts';
import { keepBooks, type Bookkeeping } from './bookkeeping.ts';
import { openPage, signIn, startBrowser } from './browser.ts';
import { startConsole, type RunningConsole } from './server.ts';

async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe('webhooks in the console (EDG-6)', { skip: missing('chromium') }, () => {
  const opened = new AsyncDisposableStack();
  let server: RunningConsole;
  let browser: Browser;
  let keeping: Bookkeeping;
  let receiver: Receiver;
  before(async () => {
    receiver = await openReceiver();
    opened.defer(receiver.close);
    const outbound = {
      http: true,
      resolve: () => Promise.resolve(['127.0.0.1']),
      privateTargets: [{ range: '127.0.0.1/32', ports: [receiver.port] }],
    };
    server = await startConsole({ webhooks: { outbound } });
    opened.defer(server.close);
    browser = await startBrowser();
    opened.defer(() => browser.close());
    keeping = await keepBooks(server.url);
  });
  after(() => opened.disposeAsync());

  test('an endpoint is added, tried out, seen failing, sent to again, rotated and removed', async () => {
    const { page, context, complaints } = await openPage(browser);
    await signIn(page, server.url, keeping.owner);
    await page.getByRole('link', { name: 'Webhooks', exact: true }).click();
    await page.getByText('No system of yours is told of anything yet.').waitFor();

    await page.getByRole('button', { name: 'New endpoint' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address').fill(`http://hooks.example.com:${receiver.port}/in`);
    await dialog.getByLabel('Description').fill('Warehouse');
    await dialog.getByLabel('Only these').check();
    await dialog.getByLabel('books.invoice.submitted').check();
    assert.deepEqual(await findings(page), []);
    await dialog.getByRole('button', { name: 'Add endpoint' }).click();
    const secret = await dialog.getByLabel('Signing secret').inputValue();
    assert.match(secret, /^whsec_/);
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('Nothing was sent yet.').waitFor();
    assert.ok(!(await page.content()).includes(secret.slice(6)), 'the secret is shown once');

    await page.getByRole('button', { name: 'Send test' }).click();
    const row = page.getByRole('row', { name: /webhooks\.test/ }).first();
    await row.getByText('Delivered', { exact: true }).waitFor();
    await page.getByText('Healthy', { exact: true }).waitFor();
    const [arrival] = receiver.arrivals;
    assert.ok(arrival);
    verify(secret, arrival);
    await page.getByRole('img', { name: 'The last 1: 1 delivered' }).waitFor();

    receiver.answer(status(503, {}, 'closed for today'));
    await page.getByRole('button', { name: 'Send test' }).click();
    await page.getByText('Answered 503').waitFor();
    await page.getByText('Failing', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Attempts of webhooks.test' }).first().click();
    await dialog.getByText('closed for today').first().waitFor();
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });

    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByText('Switched off by a member.').waitFor();
    await page.getByText('Held', { exact: true }).first().waitFor();
    await page.emulateMedia({ colorScheme: 'dark' });
    // The page follows in a moment of its own.
    await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
    assert.deepEqual(await findings(page), []);
    receiver.answer(status(200));
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.getByRole('button', { name: 'Send 1 again' }).click();
    await page.getByRole('img', { name: 'The last 2: 2 delivered' }).waitFor();

    await page.getByRole('button', { name: /^More for/ }).click();
    await page.getByRole('menuitem', { name: 'Send a span of time again' }).click();
    await dialog.getByLabel('From').fill('2020-01-01T00:00');
    await dialog.getByLabel('Also what was delivered').check();
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('2 deliveries are on the way again.').waitFor();

    await page.getByRole('button', { name: /^More for/ }).click();
    await page.getByRole('menuitem', { name: 'Rotate secret' }).click();
    await dialog.getByRole('button', { name: 'Make new secret' }).click();
    assert.notEqual(await dialog.getByLabel('Signing secret').inputValue(), secret);
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByText('Old secret ends').waitFor();

    await page.getByRole('button', { name: /^More for/ }).click();
    await page.getByRole('menuitem', { name: 'Remove endpoint' }).click();
    await dialog.getByRole('button', { name: 'Remove endpoint' }).click();
    await page.getByText('No system of yours is told of anything yet.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
