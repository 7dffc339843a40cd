import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import type { CDPSession, Page } from 'playwright-core';
import { codeAt } from '../../platform/test/factors.ts';
import { findComponent, missing } from '../../../test/harness/index.ts';
import { signUpByMail } from '../../../test/harness/people.ts';
import { enter, signIn } from './browser.ts';
import { describeInConsole, type World } from './world.ts';

const password = 'seven copper lanterns drift';
let people = 0;

describeInConsole('factors, the second step and step-up in the console (AUT-10, T-39)', (world) => {
  /**
   * Somebody with a tenant of their own, signed in on a page. The virtual authenticator takes an offer beside the address
   * at once, before a test can press a button: the browser makes such offers only where the test is about them.
   */
  async function open(url: string, opened: World, { offers = false } = {}): Promise<Visit> {
    people += 1;
    const person = { email: `fay${people}@harbour.example`, password, name: 'Fay Marsh' };
    await signUpByMail(url, { ...person, tenantName: `Marsh ${people}`, companyName: 'Marsh Ltd' });
    const watched = await opened.open();
    if (!offers) await watched.page.addInitScript(withoutOffers);
    const authenticator = await VirtualAuthenticator.on(watched.page);
    await signIn(watched.page, url, person);
    return { ...watched, person, authenticator };
  }

  test('a passkey is made, signs in alone, is the second factor, and lets a dangerous call through', async () => {
    const { url, ageProofs } = world();
    const { page, context, complaints, person } = await open(url, world());
    await addPasskey(page, url);
    const codes = await keepCodes(page);
    assert.equal(codes.length, 10);
    const row = page.getByRole('row', { name: /Laptop/ });
    assert.match(await row.innerText(), /Passkey, on one device/);
    await page.getByText('10 codes are left', { exact: false }).waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical'),
      [],
    );

    await signOut(page);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();

    await signOut(page);
    await enter(page, url, person);
    await page.getByRole('heading', { name: 'One more step' }).waitFor();
    await page.getByRole('button', { name: 'Use a passkey', exact: true }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();

    await ageProofs();
    await page.goto(`${url}/security`);
    await page.getByRole('button', { name: 'Remove Laptop' }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    const dialog = page.getByRole('dialog', { name: 'Is it you?' });
    await dialog.getByRole('button', { name: 'Use a passkey', exact: true }).click();
    await page.getByText('Your password alone opens this account.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a passkey whose device does not verify the person signs nobody in', async () => {
    const { url } = world();
    const { page, context, complaints, authenticator } = await open(url, world());
    await addPasskey(page, url);
    await keepCodes(page);
    await signOut(page);
    await authenticator.verify(false);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('alert').getByText('No passkey was used.').waitFor();
    await authenticator.verify(true);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a passkey is offered where the address is typed, and signs in from there', async () => {
    const { url } = world();
    const { page, context, complaints } = await open(url, world(), { offers: true });
    await addPasskey(page, url);
    await keepCodes(page);
    await page.getByRole('button', { name: /^Account: / }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    // The virtual authenticator picks the passkey as soon as it is offered: nothing is clicked and nothing typed.
    await page.waitForURL(`${url}/`);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('one device makes one passkey for an account', async () => {
    const { url } = world();
    const { page, context, complaints } = await open(url, world());
    await addPasskey(page, url);
    await keepCodes(page);
    await addPasskey(page, url);
    await page.getByText('This device holds a passkey of your account already.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('an authenticator app is set up by its code, and a recovery code stands in for it once', async () => {
    const { url } = world();
    const { page, context, complaints, person } = await open(url, world());
    await page.goto(`${url}/security`);
    await page.getByRole('button', { name: 'Add an authenticator app' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Phone');
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await dialog.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    const secret = (await dialog.locator('code').innerText()).replaceAll(' ', '');
    assert.match(secret, /^[A-Z2-7]{32}$/);
    await dialog.getByLabel('The code it shows now').fill('000000');
    await dialog.getByRole('button', { name: 'Add the app' }).click();
    await dialog.getByText('That code does not work.').waitFor();
    await dialog.getByLabel('The code it shows now').fill(codeAt(secret, Date.now()));
    await dialog.getByRole('button', { name: 'Add the app' }).click();
    const [code = '', other = ''] = await keepCodes(page);
    await page.getByRole('row', { name: /Phone/ }).getByText('Authenticator app').waitFor();

    await signOut(page);
    await enter(page, url, person);
    await page.getByLabel('Code of your authenticator app').fill(codeAt(secret, Date.now() + 30_000));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();

    await signOut(page);
    await enter(page, url, person);
    await page.getByRole('button', { name: 'Use a recovery code instead' }).click();
    await page.getByLabel('Recovery code').fill(code.toLowerCase());
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await page.goto(`${url}/security`);
    await page.getByText('9 codes are left', { exact: false }).waitFor();

    await signOut(page);
    await enter(page, url, person);
    await page.getByRole('button', { name: 'Use a recovery code instead' }).click();
    await page.getByLabel('Recovery code').fill(code);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('That code does not work.').waitFor();
    await page.getByLabel('Recovery code').fill(other);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the QR code says to a scanner what the app needs', { skip: missing('zbar-tools') }, async () => {
    const { url } = world();
    const { page, context, person } = await open(url, world());
    await page.goto(`${url}/security`);
    await page.getByRole('button', { name: 'Add an authenticator app' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Phone');
    await page.getByRole('button', { name: 'Go on' }).click();
    const image = await page.getByRole('img', { name: 'QR code for the authenticator app' }).screenshot();
    const secret = (await page.getByRole('dialog').locator('code').innerText()).replaceAll(' ', '');
    const read = new URL(await scan(image));
    assert.equal(`${read.protocol}//${read.host}`, 'otpauth://totp');
    assert.equal(decodeURIComponent(read.pathname), `/Bulkhead:${person.email}`);
    assert.equal(read.searchParams.get('secret'), secret);
    assert.equal(read.searchParams.get('issuer'), 'Bulkhead');
    await context.close();
  });

  test('a call that wants a fresh proof asks for the password, and goes through or is left', async () => {
    const { url, ageProofs } = world();
    const { page, context, complaints } = await open(url, world());
    await page.goto(`${url}/security`);
    await ageProofs();
    await page.getByRole('button', { name: 'Add an authenticator app' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Phone');
    await page.getByRole('button', { name: 'Go on' }).click();
    const asking = page.getByRole('dialog', { name: 'Is it you?' });
    await asking.getByLabel('Password', { exact: true }).fill('not the right password');
    await asking.getByRole('button', { name: 'Confirm' }).click();
    await asking.getByRole('alert').waitFor();
    await asking.getByRole('button', { name: 'Leave it' }).click();
    await page.getByText('This needs a fresh proof that it is you.').waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
    // It takes the focus when it listens for keys.
    await asking.locator(':focus').waitFor();
    await page.keyboard.press('Escape');
    await asking.waitFor({ state: 'detached' });
    assert.equal(
      await page.getByRole('textbox', { name: 'Name' }).inputValue(),
      'Phone',
      'what lay beneath stays',
    );
    await page.getByRole('button', { name: 'Go on' }).click();
    await asking.getByLabel('Password', { exact: true }).fill(password);
    await asking.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a tenant that asks for two factors lets nobody on without a second', async () => {
    const { url } = world();
    const { page, context, complaints } = await open(url, world());
    await page.goto(`${url}/members`);
    await page.getByLabel('Every member needs a second factor').click();
    await page.getByRole('heading', { name: / asks for two factors$/ }).waitFor();
    await page.getByRole('button', { name: 'Go on', disabled: true }).waitFor();
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Laptop');
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    assert.equal((await keepCodes(page)).length, 10);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('heading', { name: 'Members' }).waitFor();
    await page.getByRole('switch', { name: 'Every member needs a second factor', checked: true }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a sign-in that comes back from elsewhere takes its challenge out of the address', async () => {
    const { url } = world();
    const { page, context } = await open(url, world());
    await addPasskey(page, url);
    await keepCodes(page);
    await signOut(page);
    const made = `${'A'.repeat(42)}E`;
    // A page of another site sends the browser here, so that the address is opened and not only changed.
    await page.goto('about:blank');
    await page.goto(`${url}/sign-in#challenge=${made}`);
    await page.getByText('This sign-in took too long or was tried too often.').waitFor();
    assert.equal(page.url(), `${url}/sign-in`);
    await page.getByRole('button', { name: 'Start again' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await context.close();
  });
});

type Visit = {
  page: Page;
  context: Awaited<ReturnType<World['open']>>['context'];
  complaints: string[];
  person: { email: string; password: string; name: string };
  authenticator: VirtualAuthenticator;
};

/** Chromium's own authenticator: on the device, with discoverable credentials, verifying whoever is there. */
class VirtualAuthenticator {
  readonly #session: CDPSession;
  readonly #id: string;

  private constructor(session: CDPSession, id: string) {
    this.#session = session;
    this.#id = id;
  }

  static async on(page: Page): Promise<VirtualAuthenticator> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable', { enableUI: false });
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new VirtualAuthenticator(session, authenticatorId);
  }

  /** Whether the person is recognised. */
  async verify(isUserVerified: boolean): Promise<void> {
    await this.#session.send('WebAuthn.setUserVerified', { authenticatorId: this.#id, isUserVerified });
  }
}

function withoutOffers(): void {
  PublicKeyCredential.isConditionalMediationAvailable = async () => false;
}

async function addPasskey(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/security`);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Laptop');
  await page.getByRole('button', { name: 'Make the passkey' }).click();
}

/** Reads the recovery codes on the screen, downloads them, and closes their dialog. */
async function keepCodes(page: Page): Promise<string[]> {
  const dialog = page.getByRole('dialog', { name: 'Your recovery codes' });
  await dialog.getByRole('listitem').first().waitFor();
  const codes = await dialog.getByRole('listitem').allInnerTexts();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Download' }).click(),
  ]);
  assert.equal(await readFile(await download.path(), 'utf8'), `${codes.join('\n')}\n`);
  assert.ok(await dialog.getByRole('button', { name: 'Done' }).isDisabled());
  await dialog.getByLabel('I have kept these codes').check();
  await dialog.getByRole('button', { name: 'Done' }).click();
  return codes;
}

/** What a scanner nobody here wrote reads from a picture. */
async function scan(picture: Buffer): Promise<string> {
  const program = findComponent('zbar-tools');
  if (program === undefined) throw new Error('zbarimg is not installed.');
  const running = promisify(execFile)(program, ['--quiet', '--raw', '-']);
  running.child.stdin?.end(picture);
  return (await running).stdout.trim();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account: / }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}
