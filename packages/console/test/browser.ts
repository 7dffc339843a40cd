import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { findComponent } from '../../../test/harness/index.ts';

/** Keeps Chromium from calling home and from needing what a build machine lacks. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the Chromium that is installed. */
export function startBrowser(more: readonly string[] = []): Promise<Browser> {
  const executablePath = findComponent('chromium');
  if (executablePath === undefined) throw new Error('Chromium is not installed.');
  return chromium.launch({ executablePath, args: [...flags, ...more], headless: true });
}

export type Watched = {
  context: BrowserContext;
  page: Page;
  /** Errors on the console, exceptions, violations of the content security policy, failed requests. */
  complaints: string[];
};

export type PageOptions = { dark?: boolean };

/** A page in a context of its own whose every complaint is kept. */
export async function openPage(browser: Browser, options: PageOptions = {}): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A refused request is what some tests provoke; the page's answer to it is what they look at.
    const expected = message
      .text()
      .startsWith('Failed to load resource: the server responded with a status of 4');
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
      console.error(`CSP ${violatedDirective}: ${blockedURI} in ${sourceFile}`);
    });
  });
  return { context, page, complaints };
}

/** Fills in the sign-in form and sends it. */
export async function enter(
  page: Page,
  url: string,
  person: { email: string; password: string },
): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Signs in through the form and waits for the page behind it. */
export async function signIn(
  page: Page,
  url: string,
  person: { email: string; password: string },
): Promise<void> {
  await enter(page, url, person);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}
