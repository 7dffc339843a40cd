import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { AxeBuilder } from '@axe-core/playwright';
import { missing } from '../../../test/harness/index.ts';
import { openIssuer, type Issuer } from '../../platform/test/oidc/issuer.ts';
import { openPage, signIn, startBrowser } from './browser.ts';
import { keepBooks, type Bookkeeping } from './bookkeeping.ts';
import { startConsole, type RunningConsole } from './server.ts';

const domain = 'keel.example';

describe('single sign-on in the console (AUT-7)', { skip: missing('chromium') }, () => {
  const opened = new AsyncDisposableStack();
  let server: RunningConsole;
  let browser: Browser;
  let keeping: Bookkeeping;
  let issuer: Issuer | undefined;
  const records: string[][] = [];
  const outbound = {};
  before(async () => {
    server = await startConsole({ singleSignOn: { outbound, resolveTxt: () => Promise.resolve(records) } });
    opened.defer(server.close);
    // The issuer has a name of its own and a certificate nobody knows.
    browser = await startBrowser([
      '--host-resolver-rules=MAP login.keel.example 127.0.0.1',
      '--ignore-certificate-errors',
    ]);
    opened.defer(() => browser.close());
    keeping = await keepBooks(server.url);
  });
  after(async () => {
    await issuer?.close();
    await opened.disposeAsync();
  });

  test('an owner connects the provider and proves the domain; a person signs in with it and out', async () => {
    const { page, context, complaints } = await openPage(browser);
    await signIn(page, server.url, keeping.owner);
    await page.getByRole('link', { name: 'Single sign-on' }).click();
    await page.getByText('No connection yet').waitFor();
    await page.getByRole('button', { name: 'New connection' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Keel login');
    await dialog.getByLabel('Issuer').fill('https://login.keel.example');
    await dialog.getByLabel('Client ID').fill('bulkhead-client');
    await dialog.getByRole('button', { name: 'Add connection' }).click();
    const redirect = await page.getByText('/sign-in/oidc/callback/').innerText();
    issuer = await openIssuer({ redirects: [redirect] });
    Object.assign(outbound, issuer.outbound);
    await page.getByLabel('Issuer').fill(issuer.url);
    await page.getByLabel('Client secret').fill(issuer.secret);
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByText('Saved.').first().waitFor();
    await page.getByLabel('People of your proved domains become members').check();
    await page.getByRole('button', { name: 'Save' }).nth(1).click();
    await page.getByRole('button', { name: 'Switch Keel login on' }).click();
    await page.getByRole('button', { name: 'Switch Keel login off' }).waitFor();

    await page.getByLabel('Domain', { exact: true }).fill(domain);
    await page.getByRole('button', { name: 'Add domain' }).click();
    const row = page.getByRole('row', { name: new RegExp(domain) });
    await row.getByRole('button', { name: `Check ${domain}` }).click();
    await row.getByText('The record was not found.').waitFor();
    records.push([await row.getByText('bulkhead-domain=').innerText()]);
    await row.getByRole('button', { name: `Check ${domain}` }).click();
    await row.getByText('proved', { exact: true }).waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id),
      [],
    );
    assert.deepEqual(complaints, []);
    await context.close();

    const person = await openPage(browser);
    issuer.person = { sub: 'ada', email: `ada@${domain}`, email_verified: true, name: 'Ada Keel' };
    await person.page.goto(`${server.url}/sign-in?return=/security`);
    await person.page.getByRole('button', { name: 'Use single sign-on' }).click();
    await person.page.getByLabel('Email at your organisation').fill('ada@unknown.example');
    await person.page.getByRole('button', { name: 'Continue' }).click();
    await person.page.getByText('No organisation here uses single sign-on for that domain.').waitFor();
    await person.page.getByLabel('Email at your organisation').fill(`ada@${domain}`);
    await person.page.getByRole('button', { name: 'Continue' }).click();
    await person.page.waitForURL(`${server.url}/security`);
    await person.page.getByRole('navigation', { name: 'Main' }).waitFor();
    await person.page.getByText('which does not reach your account itself').first().waitFor();
    const cookies = await person.context.cookies(server.url);
    const session = cookies.find(({ name }) => name === '__Host-bulkhead');
    assert.deepEqual([session?.httpOnly, session?.secure, session?.sameSite], [true, true, 'Strict']);
    assert.equal(
      cookies.some(({ name }) => name === '__Host-bulkhead-flow'),
      false,
    );
    await person.page.getByRole('button', { name: /Ada Keel/ }).click();
    await person.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await person.page.waitForURL(/\/sign-in/);
    assert.deepEqual(person.complaints, []);
    await person.context.close();
  });
});
