import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailedToken } from '../../../test/harness/people.ts';
import { keepBooks } from './bookkeeping.ts';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('members in the console (ACC-1)', (world) => {
  test('an invite is mailed to its address, and withdrawn', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.goto(`${url}/members`);
    await page.getByRole('button', { name: 'Invite' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Email').fill('carla@harbour.example');
    await dialog.getByLabel('Accountant').check();
    await dialog.getByRole('button', { name: 'Send invite' }).click();
    await page.getByText('The invite is on its way to carla@harbour.example.').waitFor();
    assert.ok(await mailedToken(url, { to: 'carla@harbour.example', kind: 'invite' }));

    const invite = page.getByRole('row', { name: /carla@harbour\.example/ });
    assert.match(await invite.innerText(), /Member, (Viewer, Accountant|Accountant, Viewer)/);
    await invite.getByRole('button', { name: 'Withdraw the invite of carla@harbour.example' }).click();
    await page.getByText('No open invite.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the last owner cannot be removed, and the page says what to do', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.goto(`${url}/members`);
    await page.getByRole('button', { name: `Remove ${keeping.owner.name}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Remove member' }).click();
    await dialog.getByText('Make somebody else an owner first', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Keep them' }).click();
    await page.getByRole('row', { name: /Olive Marsh/ }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('an invited account joins, and switches between its two tenants', async () => {
    const { url, keeping, open, confirmAddress } = world();
    const second = await keepBooks(url);
    await confirmAddress(keeping.owner.email);
    await second.tenantClient.invite.create({ email: keeping.owner.email, role: 'admin' });
    const token = await mailedToken(url, { to: keeping.owner.email, kind: 'invite' });
    const { page, context, complaints } = await open();
    await page.goto(`${url}/accept-invite#${token}`);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.ok(!page.url().includes(token), 'the token must not stand in an address that reaches a server');
    await page.getByLabel('Email').fill(keeping.owner.email);
    await page.getByLabel('Password', { exact: true }).fill(keeping.owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('button', { name: `Tenant: ${second.tenantName}. Switch` }).click();
    await page.getByRole('menuitemradio', { name: keeping.tenantName }).click();
    await page.getByRole('heading', { level: 1, name: keeping.tenantName }).waitFor();
    await page.getByRole('link', { name: 'Members' }).click();
    await page.getByRole('row', { name: /olive1@harbour\.example/ }).waitFor();
    assert.equal(await page.getByRole('row', { name: /olive2@harbour\.example/ }).count(), 0);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
