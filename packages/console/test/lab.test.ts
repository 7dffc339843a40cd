import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { openLabWorld, type LabWorld } from '../../../apps/lab/test/openWorld.ts';
import { goodPassword } from '../../server/test/fixture.ts';
import { missing } from '../../../test/harness/index.ts';
import { consoleFolder } from '../src/index.ts';
import { openPage, signIn, startBrowser } from './browser.ts';

describe('the lab’s page (PRO-5)', { skip: missing('chromium') }, () => {
  let world: LabWorld;
  let browser: Browser;

  before(async () => {
    world = await openLabWorld({ console: fileURLToPath(consoleFolder) });
    browser = await startBrowser();
  });
  after(async () => {
    await browser.close();
    await world.close();
  });

  const victimsSecret = (): string => world.secrets.get(world.victim.tenant) ?? 'missing';

  async function openLab(dark: boolean) {
    const watched = await openPage(browser, { dark });
    await signIn(watched.page, world.url, { email: world.visitor.email, password: goodPassword });
    await watched.page.goto(`${world.url}/lab`);
    await watched.page.getByRole('heading', { name: 'Broken on purpose: the query' }).waitFor();
    return watched;
  }

  /** Runs a text and waits for both answers. */
  async function attack(page: Page, text: string): Promise<{ sealed: string; plain: string }> {
    await page.getByLabel('Search text').fill(text);
    await page.getByRole('button', { name: 'Run it' }).click();
    const panel = (title: string) =>
      page.locator('section', { has: page.getByRole('heading', { name: title }) });
    const plain = panel('Plain setting: the copy');
    await plain.getByLabel('The statement that ran').filter({ hasText: text }).waitFor();
    return {
      sealed: await panel('Sealed context: this database').innerText(),
      plain: await plain.innerText(),
    };
  }

  test('well-known injections give nothing of another tenant’s away; the copy leaks', async () => {
    const { page, context, complaints } = await openLab(false);
    const victim = world.victim.tenant;
    const become = (settings: string): string =>
      `' union all select s.title, s.secret from (select ${settings} as x offset 0) c, lateral (select title, secret from lab.secret where c.x is not null offset 0) s --`;
    const texts: { text: string; leaks: boolean; sealed: RegExp }[] = [
      { text: "' or true --", leaks: false, sealed: /Nothing of others/ },
      { text: "' union select title, secret from lab.secret --", leaks: false, sealed: /Nothing of others/ },
      {
        text: become(`set_config('app.tenant', '${victim}', true)`),
        leaks: true,
        sealed: /Nothing of others/,
      },
      {
        text: become(
          `set_config('bulkhead.context', replace(current_setting('bulkhead.context', true), '${world.visitor.tenant}', '${victim}'), true)`,
        ),
        leaks: false,
        sealed: /42501/,
      },
      {
        text: "' union select id, encode(inner_pad, 'hex') from bulkhead.context_key --",
        leaks: false,
        sealed: /42501/,
      },
      { text: "'; update lab.secret set secret = 'mine' --", leaks: false, sealed: /42601/ },
    ];
    for (const { text, leaks, sealed } of texts) {
      const answer = await attack(page, text);
      assert.match(answer.sealed, sealed, text);
      assert.ok(!answer.sealed.includes(victimsSecret()), text);
      assert.equal(answer.plain.includes(victimsSecret()), leaks, text);
    }
    // It can be pressed again once the figures were read anew.
    await page.getByRole('button', { name: 'Run it', disabled: false }).waitFor();
    const figures = await page.locator('dl').innerText();
    assert.match(
      figures.replaceAll(/\s+/g, ' '),
      /sealed context 6 .*gave away 0 .*plain setting 6 .*gave away 1$/,
    );
    await page
      .getByRole('row', { name: /Plain setting .*Leaked/ })
      .first()
      .waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('mutation: with row security off, the page shows the leak', async () => {
    const { page, context } = await openLab(false);
    await world.asSuperuser('alter table lab.secret disable row level security');
    try {
      const { sealed } = await attack(page, "' or true --");
      assert.match(sealed, /1 secret leaked/);
      assert.ok(sealed.includes(victimsSecret()));
    } finally {
      await world.asSuperuser('alter table lab.secret enable row level security');
    }
    await context.close();
  });

  for (const dark of [false, true]) {
    test(`lab and isolation have no serious finding in ${dark ? 'dark' : 'light'}, and fit 320 pixels`, async () => {
      const { page, context, complaints } = await openLab(dark);
      await attack(page, "' or true --");
      const check = async (): Promise<void> => {
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag22aa'])
          .analyze();
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        assert.deepEqual(
          serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
          [],
        );
        assert.equal(await page.locator('style').count(), 0);
        await page.setViewportSize({ width: 320, height: 800 });
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
        await page.setViewportSize({ width: 1280, height: 900 });
      };
      await check();
      await page.goto(`${world.url}/isolation`);
      await page.getByText('Rows of other tenants returned').waitFor();
      await page.getByRole('cell', { name: 'lab.secret' }).waitFor();
      await check();
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});
