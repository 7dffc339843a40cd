import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { enter, signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

const next = 'tidal gravel evening kite';

/** Opens the demo's mail page and follows the link of the newest message with this subject to this address. */
async function followMail(page: Page, url: string, mail: { subject: string; to: string }): Promise<void> {
  await page.goto(`${url}/mail`);
  const message = page.getByRole('article', { name: `${mail.subject}, to ${mail.to}` }).first();
  await message.getByRole('link').first().click();
}

describeInConsole('links by mail in the console (AUT-4, AUT-6, ACC-2)', (world) => {
  test('sign-up → mail → confirm', async () => {
    const { url, open } = world();
    const { page, context, complaints } = await open();
    const email = 'mira@pilot.example';
    await page.goto(`${url}/sign-up`);
    await page.getByLabel('Your name').fill('Mira Pilot');
    await page.getByLabel('Organisation').fill('Pilot Boats');
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(next);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('link', { name: 'read it here' }).click();
    await page.getByRole('article').first().waitFor();
    await followMail(page, url, { subject: 'Confirm your Bulkhead account', to: email });
    await page.getByRole('heading', { name: 'Confirm your account' }).waitFor();
    assert.ok(!page.url().includes('#'), 'the token is out of the address');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByLabel('Name of the company').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('sign-up confirmed in another browser asks for the password chosen in the first', async () => {
    const { url, open } = world();
    const first = await open();
    const second = await open();
    const email = 'otto@pilot.example';
    await first.page.goto(`${url}/sign-up`);
    await first.page.getByLabel('Your name').fill('Otto Pilot');
    await first.page.getByLabel('Organisation').fill('Pilot Boats');
    await first.page.getByLabel('Email').fill(email);
    await first.page.getByLabel('Password', { exact: true }).fill(next);
    await first.page.getByRole('button', { name: 'Create account' }).click();
    await first.page.getByRole('link', { name: 'read it here' }).waitFor();
    const { page, complaints } = second;
    await followMail(page, url, { subject: 'Confirm your Bulkhead account', to: email });
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByLabel('Password', { exact: true }).fill(next);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByLabel('Name of the company').waitFor();
    assert.deepEqual(complaints, []);
    await Promise.all([first.context.close(), second.context.close()]);
  });

  test('an invited person without an account makes one with the invite', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    const email = 'nell@guest.example';
    await keeping.tenantClient.invite.create({ email, role: 'admin' });
    await followMail(page, url, { subject: 'You are invited to Bulkhead', to: email });
    await page.getByText(keeping.tenantName).waitFor();
    await page.getByLabel('Your name').fill('Nell Guest');
    await page.getByLabel('Password', { exact: true }).fill(next);
    await page.getByRole('button', { name: 'Create account and join' }).click();
    await page.getByRole('heading', { level: 1, name: keeping.tenantName }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('forgot → mail → new password → sign in', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await page.goto(`${url}/sign-in`);
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor();
    await page.getByLabel('Email').fill(keeping.owner.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByRole('status').getByText(keeping.owner.email).waitFor();
    await followMail(page, url, { subject: 'Choose a new password', to: keeping.owner.email });
    await page.getByLabel('Password', { exact: true }).fill(next);
    await page.getByRole('button', { name: 'Save the new password' }).click();
    await page.getByRole('status').getByText('Your password is changed.', { exact: false }).waitFor();
    await page.getByRole('link', { name: 'Go to sign-in' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    keeping.owner.password = next;
    await enter(page, url, keeping.owner);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a sign-in link works in the browser that asked, by a click, once', async () => {
    const { url, keeping, open } = world();
    const asking = await open();
    const other = await open();
    const mail = { subject: 'Your link to sign in to Bulkhead', to: keeping.owner.email };
    await asking.page.goto(`${url}/sign-in`);
    await asking.page.getByRole('link', { name: 'Email me a link' }).click();
    await asking.page.getByRole('heading', { name: 'Sign in without a password' }).waitFor();
    await asking.page.getByLabel('Email').fill(keeping.owner.email);
    await asking.page.getByRole('button', { name: 'Send the link' }).click();
    await asking.page.getByRole('status').waitFor();
    await followMail(other.page, url, mail);
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page
      .getByRole('alert')
      .getByText('in the browser in which you asked', { exact: false })
      .waitFor();
    await followMail(asking.page, url, mail);
    await asking.page.getByRole('button', { name: 'Sign in' }).click();
    await asking.page.getByRole('navigation', { name: 'Main' }).waitFor();
    assert.deepEqual([asking.complaints, other.complaints], [[], []]);
    await Promise.all([asking.context.close(), other.context.close()]);
  });

  test('password and address are changed in the security settings; the change of address is undone', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    const { owner } = keeping;
    const moved = 'moved@harbour.example';
    await signIn(page, url, owner);
    await page.goto(`${url}/security`);
    const password = page.getByRole('form', { name: 'Change the password' });
    await password.getByLabel('Current password').fill(owner.password);
    await password.getByLabel('New password').fill('a third lantern in fog');
    await password.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Your password is changed. Other sessions were signed out.').waitFor();
    const address = page.getByRole('form', { name: 'Change the address' });
    await address.getByLabel('New address').fill(moved);
    await address.getByLabel('Your password').fill('a third lantern in fog');
    await address.getByRole('button', { name: 'Change the address' }).click();
    await page.getByRole('status').getByText(moved).waitFor();
    await followMail(page, url, { subject: 'Confirm your new email address', to: moved });
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Your account has the new address.', { exact: false }).waitFor();
    await followMail(page, url, { subject: 'Your email address was changed', to: owner.email });
    await page.getByRole('heading', { name: 'Bring your address back' }).waitFor();
    await page.getByLabel('Password', { exact: true }).fill('a fourth lantern in fog');
    await page.getByRole('button', { name: 'Save the new password' }).click();
    await page.getByText('Your address is back', { exact: false }).waitFor();
    await signIn(page, url, { ...owner, password: 'a fourth lantern in fog' });
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
