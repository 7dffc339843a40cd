import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { downloadHeaders } from '@bulkhead/platform/content';
import type { Browser, Page } from 'playwright-core';
import { missing } from '../harness/index.ts';
import { startBrowser } from '../../packages/console/test/browser.ts';

type Headers = Record<string, string>;
const script = 'parent.ran = true; window.ran = true;';

/** What somebody uploaded: a page, a drawing, and a script under a type that says it is none. */
const files: Readonly<Record<string, { name: string; type: string; body: string }>> = {
  page: {
    name: 'a.html',
    type: 'text/html',
    body: `<!doctype html><title>shown</title><script>${script}</script>`,
  },
  drawing: {
    name: 'a.svg',
    type: 'image/svg+xml',
    body: `<svg xmlns="http://www.w3.org/2000/svg"><script>${script}</script></svg>`,
  },
  gif: { name: 'a.txt', type: 'text/plain', body: `GIF89a/*\x01\0*/=1;${script}` },
};

const without = (headers: Headers, ...names: string[]): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

/** Each way of serving a file: as this product does, and with controls taken out. */
const ways: Readonly<Record<string, (headers: Headers) => Headers>> = {
  whole: (headers) => headers,
  shown: (headers) => without(headers, 'content-disposition'),
  bare: (headers) =>
    without(headers, 'content-disposition', 'content-security-policy', 'x-content-type-options'),
};

describe('EDG-8 an uploaded file in a browser', { skip: missing('chromium') }, () => {
  let browser: Browser;
  let origin: string;
  const server = createServer((request, response) => {
    const [, way = '', name = ''] = (request.url ?? '').split('/');
    const file = files[name];
    if (file === undefined)
      return void response.setHeader('content-type', 'text/html').end('<title>host</title>');
    const serve = ways[way] ?? ((headers: Headers) => headers);
    for (const [header, value] of Object.entries(serve(downloadHeaders(file))))
      response.setHeader(header, value);
    response.end(file.body);
  });
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await startBrowser();
  });
  after(async () => {
    await browser.close();
    server.close();
  });

  const onHost = async (work: (page: Page) => Promise<void>): Promise<void> => {
    const page = await browser.newPage();
    await page.goto(origin);
    await work(page);
    await page.close();
  };

  /** Whether a script of that address loads into the page. */
  const runs = (page: Page, address: string) =>
    page.evaluate(async (src) => {
      const element = document.createElement('script');
      element.src = src;
      const settled = new Promise((resolve) => {
        element.addEventListener('load', resolve);
        element.addEventListener('error', resolve);
      });
      document.head.append(element);
      await settled;
      return 'ran' in window;
    }, address);

  for (const name of ['page', 'drawing']) {
    test(`a ${name} is saved under its name and never shown`, () =>
      onHost(async (page) => {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.goto(`${origin}/whole/${name}`).catch(() => undefined),
        ]);
        assert.equal(download.suggestedFilename(), files[name]?.name);
        assert.equal(page.url(), `${origin}/`);
      }));

    test(`a ${name} that is shown all the same runs no script and is no page of this origin`, () =>
      onHost(async (page) => {
        await page.goto(`${origin}/shown/${name}`);
        assert.equal(await page.evaluate(() => 'ran' in window), false);
        assert.equal(await page.evaluate(() => window.origin), 'null', 'it is no page of this origin');
      }));

    test(`mutation: without the headers, a ${name} runs its script in this origin`, () =>
      onHost(async (page) => {
        await page.goto(`${origin}/bare/${name}`);
        assert.equal(await page.evaluate(() => 'ran' in window), true);
        assert.equal(await page.evaluate(() => window.origin), origin);
      }));
  }

  test('a file that is a script and something else is no script; mutation: without nosniff it is', () =>
    onHost(async (page) => {
      assert.equal(await runs(page, '/whole/gif'), false);
      assert.equal(await runs(page, '/bare/gif'), true);
    }));
});
