import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { findComponent, missing } from '../../../test/harness/components.ts';
import { writeReport } from '../src/index.ts';
import { cell, leak, sampleReport } from './sampleReport.ts';

test(
  'PRO-1 Chromium opens the HTML report from a file, without script, and shows the grid and the reproduction',
  { skip: missing('chromium') },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-report-'));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 'report.html');
    const sample = {
      cells: [cell('public.invoice', 'read'), leak('public."<b>ß</b>"', 'read', 'select 42;')],
    };
    await writeFile(path, writeReport(sampleReport(sample), 'html'));
    const executablePath = findComponent('chromium') ?? '';
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    t.after(() => browser.close());
    const page = await browser.newPage({ javaScriptEnabled: false });
    const trouble: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) trouble.push(request.url());
    });
    await page.goto(pathToFileURL(path).href);
    const rows = page.locator('#grid tbody tr');
    const shown = (await rows.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    assert.deepEqual(shown, ['public.invoice .', 'public."<b>ß</b>" X']);
    assert.equal(await page.locator('#grid .leaked').evaluate(paper), 'rgb(179, 38, 30)');
    await page.locator('#grid .leaked a').click();
    assert.match(page.url(), /#leak-1$/);
    assert.match(await page.locator('#leak-1 pre').innerText(), /select 42;/);
    assert.deepEqual(trouble, [], 'its own policy refuses nothing that it needs');
  },
);

// The page has no script of its own; the browser's inspector still answers.
const paper = (element: { ownerDocument: unknown }): string => {
  const { defaultView } = element.ownerDocument as {
    defaultView: { getComputedStyle: (of: unknown) => { backgroundColor: string } };
  };
  return defaultView.getComputedStyle(element).backgroundColor;
};
