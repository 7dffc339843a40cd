import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepBooks } from './bookkeeping.ts';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

const reason = 'Ticket 4711: totals of March are off';

describeInConsole('operators in the console (ACC-3)', (world) => {
  test('an operator enters for a reason, is seen by the tenant, and is shown out', async () => {
    const { url, keeping, open, confirmAddress, promote } = world();
    const staff = await keepBooks(url);
    await confirmAddress(staff.owner.email);
    await promote(staff.owner.email);
    const [desk, customer] = [await open(), await open()];
    await signIn(desk.page, url, staff.owner);
    await desk.page.getByRole('button', { name: /^Account:/ }).click();
    await desk.page.getByRole('menuitem', { name: 'Operator' }).click();
    await desk.page.getByLabel('Name of the organisation').fill('harbour');
    await desk.page.getByRole('button', { name: `Enter ${keeping.tenantName}` }).click();
    const dialog = desk.page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: 'Enter', exact: true }).click();
    const banner = desk.page.getByRole('complementary', { name: 'You are here as an operator' });
    await banner.waitFor();
    assert.match(await banner.innerText(), new RegExp(`in ${keeping.tenantName} as an operator, to read`));
    await desk.page.getByRole('link', { name: 'Invoices', exact: true }).click();
    await desk.page.getByRole('heading', { level: 1, name: 'Invoices' }).waitFor();

    await signIn(customer.page, url, keeping.owner);
    const visit = customer.page.getByRole('complementary', { name: 'An operator is here' });
    await visit.waitFor();
    assert.match(
      await visit.innerText(),
      /from the service’s staff may look at your data until .*Ticket 4711/s,
    );
    await visit.getByRole('button', { name: `Show ${staff.owner.name} out` }).click();
    await visit.waitFor({ state: 'detached' });

    await desk.page.goto(`${url}/members`);
    await desk.page.getByRole('row', { name: new RegExp(staff.owner.email) }).waitFor();
    assert.equal(await desk.page.getByRole('row', { name: new RegExp(keeping.owner.email) }).count(), 0);
    assert.deepEqual([...desk.complaints, ...customer.complaints], []);
    await desk.context.close();
    await customer.context.close();
  });

  test('leaving ends the stay, and nobody else finds the page of any use', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.goto(`${url}/operator`);
    await page.getByText('This page is for operators.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
