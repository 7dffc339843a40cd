import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { year } from './bookkeeping.ts';
import { enter, signIn } from './browser.ts';
import { describeInConsole } from './world.ts';

/** Pages that anybody may open. */
const signedOut = [
  '/sign-in',
  '/sign-up',
  '/accept-invite',
  '/forgot-password',
  '/email-link',
  '/reset-password',
  '/undo-email-change',
  '/magic-link',
  '/confirm-sign-up',
  '/verify-email',
  '/confirm-email',
  '/mail',
];

/** Each page with something that shows it is complete. */
const pages = [
  { path: '/', ready: 'Latest invoices' },
  { path: '/invoices', ready: '3 invoices' },
  { path: '/invoices/new', ready: 'Save draft' },
  { path: '/customers', ready: '1 customer' },
  { path: '/journal', ready: '3 entries' },
  { path: '/periods', ready: `Fiscal year ${year}` },
  { path: `/reports?to=${year}-12-31`, ready: 'Total EUR' },
  { path: `/reports?report=profit-and-loss&from=${year}-01-01&to=${year}-12-31`, ready: 'Total income' },
  { path: '/import', ready: 'Choose a CSV file' },
  { path: '/members', ready: 'No open invite.' },
  { path: '/api-keys', ready: 'No program has a key yet.' },
  { path: '/webhooks', ready: 'No system of yours' },
  { path: '/incoming-webhooks', ready: 'Nobody sends webhooks here yet.' },
  { path: '/billing', ready: 'No subscription' },
  { path: '/single-sign-on', ready: 'No connection yet' },
  { path: '/audit', ready: 'ORDER-3' },
  { path: '/usage', ready: 'Any number' },
  { path: '/security', ready: 'Your password alone opens this account.' },
  { path: '/no/such/page', ready: 'There is no page at this address.' },
];

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Serious and critical findings of axe, each with where it is. */
async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(standards).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`),
    );
}

describeInConsole('every page (EDG-4, T-55, WCAG 2.2 AA)', (world) => {
  for (const dark of [false, true]) {
    const scheme = dark ? 'dark' : 'light';

    test(`in ${scheme} has no serious finding, no policy violation, no error`, async (t) => {
      const { url, keeping, open } = world();
      const { page, context, complaints } = await open({ dark });
      for (const path of signedOut) {
        await page.goto(`${url}${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        assert.deepEqual(await findings(page), [], path);
      }
      await signIn(page, url, keeping.owner);
      await page.getByText('Books not opened').waitFor();
      assert.deepEqual(await findings(page), [], 'all companies');
      await page.getByRole('button', { name: keeping.company.name, exact: true }).click();
      for (const { path, ready } of pages) {
        await t.test(path, async () => {
          await page.goto(`${url}${path}`);
          await page.getByText(ready).first().waitFor();
          assert.deepEqual(await findings(page), []);
          assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
          assert.match(await page.title(), /^.+ · Bulkhead$/);
          assert.equal(await page.locator('style').count(), 0, 'style elements need unsafe-inline');
        });
      }
      assert.deepEqual(complaints, []);
      await context.close();
    });

    test(`in ${scheme} dialogs, menus and an opened audit entry have none either`, async () => {
      const { url, keeping, open } = world();
      const { page, context, complaints } = await open({ dark });
      await signIn(page, url, keeping.owner);
      await page.getByRole('button', { name: /^Account: / }).click();
      await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).waitFor();
      assert.deepEqual(await findings(page), [], 'account menu');
      await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).click();
      await page.getByRole('dialog').getByText('This list').waitFor();
      assert.deepEqual(await findings(page), [], 'shortcuts');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: keeping.company.name, exact: true }).click();
      await page.goto(`${url}/customers`);
      await page.getByRole('button', { name: 'New customer' }).click();
      await page.getByLabel('Tax id').waitFor();
      assert.deepEqual(await findings(page), [], 'new customer');
      await page.goto(`${url}/periods`);
      await page.getByRole('button', { name: /^Sign off 1 Jan/ }).click();
      await page.getByText('This is final.').waitFor();
      assert.deepEqual(await findings(page), [], 'sign-off');
      await page.goto(`${url}/import`);
      const csv = { name: 'bad.csv', mimeType: 'text/csv', buffer: Buffer.from('code,name\nNET-1,') };
      await page.getByLabel('CSV file').setInputFiles(csv);
      await page.getByRole('button', { name: 'Check the file' }).click();
      await page.getByText('1 of 1 lines has problems.').waitFor();
      assert.deepEqual(await findings(page), [], 'import problems');
      await page.goto(`${url}/audit`);
      await page
        .getByRole('button', { expanded: false, name: /update.*books\.invoice/ })
        .first()
        .click();
      await page.getByRole('table').waitFor();
      assert.deepEqual(await findings(page), [], 'audit entry');
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test('stays within a screen 320 pixels wide (WCAG 1.4.10)', async () => {
    const { url, keeping, open } = world();
    const { page, context, complaints } = await open();
    await page.setViewportSize({ width: 320, height: 640 });
    await enter(page, url, keeping.owner);
    await page.getByRole('button', { name: keeping.company.name, exact: true }).click();
    await page.getByRole('button', { name: 'Open the navigation' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Members' }).click();
    await page.getByRole('heading', { name: 'Members' }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    for (const { path, ready } of pages) {
      await page.goto(`${url}${path}`);
      await page.getByText(ready).first().waitFor();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${path} is ${overflow} px wider than the screen`);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('EDG-1 what is written into a page does not run: inline style, inline script, a script of this very origin, text as markup', async () => {
    const { url, open } = world();
    const { page, context, complaints } = await open();
    await page.route('**/sign-in', async (route) => {
      const response = await route.fetch();
      const injected =
        '<script>document.title = "run"</script><script src="/color-scheme.js?again"></script>';
      await route.fulfill({
        response,
        body: (await response.text()).replace('</body>', `${injected}</body>`),
      });
    });
    await page.goto(`${url}/sign-in`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    assert.notEqual(await page.title(), 'run');
    const refused = await page.evaluate(() => {
      document.head.append(
        Object.assign(document.createElement('style'), { textContent: 'body { color: red }' }),
      );
      const attempts = {
        markup: () => (document.createElement('div').innerHTML = '<img src="x">'),
        script: () => (document.createElement('script').src = 'https://evil.example/x.js'),
        handler: () => document.body.setAttribute('onclick', 'document.title = "run"'),
      };
      return Object.entries(attempts).map(([name, attempt]) => {
        try {
          attempt();
          return `${name}: done`;
        } catch (error) {
          return `${name}: ${(error as Error).name}`;
        }
      });
    });
    assert.deepEqual(refused, ['markup: TypeError', 'script: TypeError', 'handler: TypeError']);
    const seen = complaints.join('\n');
    assert.match(seen, /Applying inline style violates/);
    assert.match(seen, /CSP script-src-elem: inline/);
    assert.match(seen, /CSP script-src-elem: http:[^ ]*color-scheme\.js\?again/);
    for (const kind of ['TrustedHTML', 'TrustedScriptURL', 'TrustedScript']) {
      assert.match(seen, new RegExp(`requires '${kind}' assignment`));
    }
    await context.close();
  });
});
