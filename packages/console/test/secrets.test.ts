import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { missing } from '../../../test/harness/index.ts';
import { keepBooks } from './bookkeeping.ts';
import { openPage, signIn, startBrowser } from './browser.ts';
import { startConsole, type RunningConsole } from './server.ts';

describe('secrets in the console (OPS-6)', { skip: missing('chromium') }, () => {
  const value = randomBytes(24).toString('hex');
  const opened = new AsyncDisposableStack();
  let path: string;
  let server: RunningConsole;
  let browser: Browser;
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-secrets-'));
    opened.defer(() => rm(folder, { recursive: true }));
    path = join(folder, 'mail');
    await writeFile(path, value, { mode: 0o600 });
    const digest = hash('sha256', value);
    server = await startConsole({
      secretSources: [{ setting: 'mail.password', variable: 'X', from: 'file', path, digest }],
    });
    opened.defer(server.close);
    browser = await startBrowser();
    opened.defer(() => browser.close());
  });
  after(() => opened.disposeAsync());

  it('are for operators: what each is and what is wrong with it, and no value', async () => {
    const { url } = server;
    const staff = await keepBooks(url);
    const { page, context, complaints } = await openPage(browser);
    await signIn(page, url, staff.owner);
    await page.goto(`${url}/operator/secrets`);
    await page.getByText('This page is for operators.').waitFor();
    await server.confirmAddress(staff.owner.email);
    await server.promote(staff.owner.email);
    await signIn(page, url, staff.owner);
    await page.goto(`${url}/operator`);
    await page.getByRole('link', { name: 'Secrets of this server' }).click();
    const row = page.getByRole('row', { name: /mail\.password/ });
    await row.getByText('In use', { exact: true }).waitFor();
    assert.match(await row.innerText(), /While it runs/);
    assert.ok(!(await page.content()).includes(value));
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
      [],
    );
    await chmod(path, 0o644);
    await page.reload();
    await row.getByText(/^Not used: can be read by everybody/).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
