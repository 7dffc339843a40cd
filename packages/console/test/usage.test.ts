import assert from 'node:assert/strict';
import { test } from 'node:test';
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
});
