import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

describeInConsole('sessions in the console (AUT-11)', (world) => {
  test('one’s sessions are listed; one is ended from another browser, then all', async () => {
    const { url, keeping, open } = world();
    const [here, there] = [await open(), await open()];
    await signIn(there.page, url, keeping.owner);
    await signIn(here.page, url, keeping.owner);
    const { page } = here;
    await page.goto(`${url}/security`);
    const table = page.getByRole('table', { name: 'Where you are signed in' });
    await table.getByText('This one').waitFor();
    const ends = table.getByRole('button', { name: /^End the session on / });
    assert.ok((await ends.count()) >= 1);
    await ends.first().click();
    const asked = page.getByRole('dialog', { name: /^End the session on / });
    await asked.getByRole('button', { name: 'End it' }).click();
    await asked.waitFor({ state: 'hidden' });
    await page.getByText('The session is ended.').waitFor();
    await there.page.goto(`${url}/members`);
    await there.page.getByRole('heading', { name: 'Sign in' }).waitFor();

    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await page
      .getByRole('dialog', { name: 'Sign out everywhere?' })
      .getByRole('button', { name: 'Sign out everywhere' })
      .click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(here.complaints, []);
    await Promise.all([here.context.close(), there.context.close()]);
  });
});
