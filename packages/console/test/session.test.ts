import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitMailedToken } from '../../../test/harness/people.ts';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('sign-in and scope in the console (ACC-1, ISO-1)', (world) => {
  test('a page asked for while signed out is shown after sign-in', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await page.goto(`${url}/members`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.locator('input[name=email]:focus').waitFor();
    await page.getByLabel('Email').fill(keeping.owner.email);
    await page.getByLabel('Password', { exact: true }).fill('not the right password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('The email or the password is wrong.').waitFor();
    await alert.getByRole('button', { name: /^Copy request id [0-9a-f-]{36}$/ }).waitFor();
    await page.getByLabel('Password', { exact: true }).fill(keeping.owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Members' }).waitFor();
    assert.equal(await page.title(), 'Members · Bulkhead');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('switching the company changes what is shown, and signing out ends it', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.getByRole('heading', { name: 'Companies' }).waitFor();
    await page.getByRole('button', { name: /^Company: All companies/ }).click();
    await page.getByRole('menuitemradio', { name: keeping.company.name }).click();
    await page.getByRole('heading', { level: 1, name: keeping.company.name }).waitFor();
    await page.getByRole('link', { name: 'INV-00003' }).waitFor();

    await page.getByRole('button', { name: /^Company: / }).click();
    await page.getByRole('menuitemradio', { name: keeping.other.name }).click();
    await page.getByRole('heading', { name: 'Open the books' }).waitFor();
    await page.getByRole('link', { name: 'Invoices', exact: true }).click();
    await page.getByText('No invoices yet.').waitFor();

    await page.getByRole('button', { name: /^Account: / }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(`${url}/invoices`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a new organisation is led from sign-up to open books', async () => {
    const { url, open } = world();
    const { page, context, complaints } = await open();
    await page.goto(`${url}/sign-up`);
    await page.getByText('At least 15 characters', { exact: false }).waitFor();
    await page.getByLabel('Your name').fill('Ada Pilot');
    await page.getByLabel('Organisation').fill('Pilot Boats');
    await page.getByLabel('Email').fill('ada@pilot.example');
    await page.getByLabel('Password', { exact: true }).fill('too short');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('6 more characters needed.').waitFor();
    await page.getByLabel('Password', { exact: true }).fill('tidal gravel evening kite');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('status').getByText('ada@pilot.example').waitFor();
    const token = await awaitMailedToken(url, { to: 'ada@pilot.example', kind: 'sign_up' });
    await page.goto(`${url}/confirm-sign-up#${token}`);
    await page.getByRole('button', { name: 'Confirm' }).click();

    await page.getByLabel('Name of the company').fill('Pilot Boats Ltd');
    await page.getByRole('button', { name: 'Create company' }).click();
    await page.getByRole('heading', { name: 'Open the books' }).waitFor();
    await page.getByLabel('Currency').selectOption('NOK');
    await page.getByRole('button', { name: 'Open the books' }).click();
    await page.getByText('No invoices yet.').waitFor();
    await page.getByText('NOK').first().waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('an address that names another host is no place to return to', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await page.goto(`${url}/sign-in?return=${encodeURIComponent('//evil.example/')}`);
    await page.getByLabel('Email').fill(keeping.owner.email);
    await page.getByLabel('Password', { exact: true }).fill(keeping.owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    assert.equal(page.url(), `${url}/`);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('shortcuts go to pages, open their list, and can be switched off', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    // What the page shows after the frame around it is there once the frame listens for keys.
    await page.getByRole('heading', { name: 'Companies' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('j');
    await page.locator('h1:focus', { hasText: 'Journal' }).waitFor();
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await dialog.getByLabel('Single-key shortcuts').uncheck();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.keyboard.press('?');
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    assert.equal(await dialog.count(), 0);
    assert.equal(new URL(page.url()).pathname, '/journal');
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
