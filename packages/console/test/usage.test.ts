import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepBooks } from './bookkeeping.ts';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('usage in the console (EDG-3)', (world) => {
  test('shows the tier, what was asked for, and what is allowed', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('link', { name: 'Usage' }).click();
    await page.getByText('Standard', { exact: true }).waitFor();
    const quotas = page.getByRole('table', { name: 'Quotas' });
    await quotas.getByRole('row', { name: /Members 1 Any number/ }).waitFor();
    await page.getByRole('img', { name: 'Reads by hour; the table below has the numbers' }).waitFor();

    await page.getByLabel('By', { exact: true }).selectOption('day');
    await page.getByLabel('Requests', { exact: true }).selectOption('write');
    const chart = page.getByRole('img', { name: 'Changes by day; the table below has the numbers' });
    // Written by a duty every five seconds, and looked for as often.
    await chart.locator('rect').first().waitFor();
    await page.getByText('The same as a table').click();
    const numbers = page.getByRole('table', { name: 'Changes by day, UTC' });
    const [, answered = '', refused] = await numbers
      .locator('tbody tr')
      .first()
      .locator('td')
      .allInnerTexts();
    assert.ok(Number(answered.replaceAll(',', '')) > 0, answered);
    assert.equal(refused, '0');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('an operator gives an organisation a tier, and the organisation sees it', async () => {
    const { url, keeping, open, confirmAddress, promote } = world();
    const staff = await keepBooks(url);
    await confirmAddress(staff.owner.email);
    await promote(staff.owner.email);
    const desk = await open();
    await signIn(desk.page, url, staff.owner);
    await desk.page.goto(`${url}/operator`);
    await desk.page.getByLabel('Name of the organisation').fill(keeping.tenantName);
    await desk.page.getByRole('button', { name: `Tier of ${keeping.tenantName}` }).click();
    const dialog = desk.page.getByRole('dialog');
    await dialog.getByLabel('Tier', { exact: true }).fill('business');
    await dialog.getByLabel('Reason').fill('Agreed with their finance team');
    await dialog.getByRole('button', { name: 'Set tier' }).click();
    await desk.page.getByText('Tier business').waitFor();
    const customer = await open();
    await signIn(customer.page, url, keeping.owner);
    await customer.page.goto(`${url}/usage`);
    await customer.page.getByText('Business', { exact: true }).waitFor();
    assert.deepEqual([...desk.complaints, ...customer.complaints], []);
    await desk.context.close();
    await customer.context.close();
  });
});
