import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { missing } from '../../../test/harness/index.ts';
import { keepBooks, type Bookkeeping } from './bookkeeping.ts';
import { openPage, startBrowser, type PageOptions, type Watched } from './browser.ts';
import { startConsole } from './server.ts';

/** What the tests of one file share: a server, a browser, and an organisation with a few months of books. */
export type World = {
  url: string;
  keeping: Bookkeeping;
  confirmAddress: (email: string) => Promise<void>;
  promote: (email: string) => Promise<void>;
  ageProofs: () => Promise<void>;
  /** Opens a page in a context of its own; closed when the file's tests are over. */
  open: (options?: PageOptions) => Promise<Watched>;
};

/** Declares tests in a world; `world` is filled before the first of them. Skipped by name without Chromium. */
export function describeInConsole(title: string, declare: (world: () => World) => void): void {
  describe(title, { skip: missing('chromium') }, () => {
    const opened = new AsyncDisposableStack();
    let world: World | undefined;

    before(async () => {
      const server = await startConsole();
      opened.defer(server.close);
      const browser: Browser = await startBrowser();
      opened.defer(() => browser.close());
      const keeping = await keepBooks(server.url);
      const { url, confirmAddress, promote, ageProofs } = server;
      world = {
        url,
        keeping,
        confirmAddress,
        promote,
        ageProofs,
        open: (options) => openPage(browser, options),
      };
    });

    after(() => opened.disposeAsync());

    declare(() => {
      if (world === undefined) throw new Error('The world is not open yet.');
      return world;
    });
  });
}
