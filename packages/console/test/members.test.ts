import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('members in the console (ACC-1)', (world) => {
  test('an invite is made, shown once, and withdrawn', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await signIn(page, url, keeping.owner);
    await page.goto(`${url}/members`);
    await page.getByRole('button', { name: 'Invite' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Email').fill('carla@harbour.example');
    await dialog.getByLabel('Accountant').check();
    await dialog.getByRole('button', { name: 'Create invite' }).click();
    const link = await dialog.getByLabel('Invite link').inputValue();
    assert.match(link, new RegExp(`^${url}/accept-invite#.{20,}$`));
    await dialog.getByRole('button', { name: 'Done' }).click();

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
});
