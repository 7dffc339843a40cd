import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { books } from '@bulkhead/books';
import { FieldCipher } from '@bulkhead/platform/vault';
import { createServer } from '@bulkhead/server';
import type { Browser } from 'playwright-core';
import { testConfig } from '../../../test/harness/config.ts';
import { missing } from '../../../test/harness/index.ts';
import { goodPassword, openFixture } from '../../platform/test/fixture.ts';
import { openOrganisation, type Organisation } from '../../platform/test/saml/organisation.ts';
import { consoleFolder } from '../src/index.ts';
import { openPage, signIn, startBrowser } from './browser.ts';

describe(
  'single sign-on with SAML in a browser (AUT-7)',
  { skip: missing('chromium', 'pysaml2', 'xmlsec1') },
  () => {
    const opened = new AsyncDisposableStack();
    let at: Organisation;
    let browser: Browser;
    let url: string;

    before(async () => {
      const fixture = await openFixture();
      opened.defer(() => fixture.close());
      const encryption = { keyId: '0a1b2c3d', key: randomBytes(32).toString('hex') };
      const http = { console: fileURLToPath(consoleFolder) };
      const server = createServer(testConfig(fixture.database, { encryption, http }), [books], {
        logStream: { write: () => {} },
      });
      opened.defer(() => server.close({ force: true }));
      // localhost here, 127.0.0.1 at the provider: two sites, as far as cookies go.
      ({ url } = await server.listen());
      assert.match(url, /^http:\/\/localhost:/);
      const cipher = new FieldCipher({
        current: { id: encryption.keyId, secret: Buffer.from(encryption.key, 'hex') },
      });
      at = await openOrganisation(fixture, { origin: url, cipher });
      opened.defer(() => at.provider.close());
      browser = await startBrowser();
      opened.defer(() => browser.close());
    });
    after(() => opened.disposeAsync());

    test('from our sign-in page to the provider’s and back, signed in', async () => {
      const { page, context, complaints } = await openPage(browser);
      await page.goto(`${url}/members`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await page.getByRole('button', { name: 'Use single sign-on' }).click();
      await page.getByLabel('Email at your organisation').fill(`grace@${at.domain}`);
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByLabel('Name').fill('grace');
      assert.equal(new URL(page.url()).hostname, '127.0.0.1');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${url}/members`);
      await page.getByRole('button', { name: /^Account: / }).click();
      await page.getByText(`grace@${at.domain}`).waitFor();
      const cookies = await context.cookies(url);
      const session = cookies.find(({ name }) => name === '__Host-bulkhead');
      assert.deepEqual([session?.httpOnly, session?.secure, session?.sameSite], [true, true, 'Strict']);
      assert.ok(
        cookies.every(({ name }) => name !== '__Host-bulkhead-flow'),
        'the flow cookie is taken back',
      );
      assert.deepEqual(complaints, []);

      // The step behind the provider's post carries Strict cookies: the session before is ended, not left alive unseen.
      await page.goto(`${url}/sign-in/saml/${at.connectionId}/start`);
      await page.getByLabel('Name').fill('grace');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${url}/`);
      const ended = await fetch(`${url.replace('localhost', '127.0.0.1')}/api/session`, {
        headers: { cookie: `__Host-bulkhead=${session?.value ?? ''}` },
      });
      assert.equal(ended.status, 401);
      await context.close();
    });

    test('by the POST binding, whose page submits itself', async () => {
      const client = await at.fixture.connect('superuser');
      await client.query(`update identity.saml_provider set sign_on_binding = 'post'`);
      const { page, context, complaints } = await openPage(browser);
      await page.goto(`${url}/sign-in/saml/${at.connectionId}/start`);
      await page.getByLabel('Name').fill('linus');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${url}/`);
      await page.getByRole('button', { name: /^Account: / }).waitFor();
      assert.deepEqual(complaints, []);
      await client.query(`update identity.saml_provider set sign_on_binding = 'redirect'`);
      await context.close();
    });

    test('an owner copies what the provider needs, reads its metadata, and sees its certificates', async () => {
      const { page, context, complaints } = await openPage(browser);
      await signIn(page, url, { email: at.owner.email, password: goodPassword });
      await page.goto(`${url}/single-sign-on`);
      const acs = page.getByLabel('ACS URL', { exact: true });
      await acs.waitFor();
      assert.equal(await acs.inputValue(), `${url}/sign-in/saml/${at.connectionId}/acs`);
      const certificates = page.getByRole('table', { name: 'Signing certificates' });
      await certificates.getByText('Current', { exact: true }).waitFor();

      const read = page.getByRole('button', { name: 'Read the metadata' });
      const choose = (name: string, text: string) =>
        page
          .locator('input[type=file]')
          .setInputFiles({ name, mimeType: 'text/xml', buffer: Buffer.from(text) });
      await choose('wrong.xml', '<a/>');
      await read.click();
      await page.getByRole('alert').getByText('does not describe one SAML 2.0 identity provider').waitFor();
      await choose('idp.xml', await at.provider.metadata());
      await read.click();
      await page.getByText('The metadata was read.').waitFor();

      await page.getByLabel('Attribute with the email address').fill('urn:oid:0.9.2342.19200300.100.1.3');
      await page.getByRole('button', { name: 'Save the attributes' }).click();
      await page.getByText('Saved.').waitFor();
      const trial = await page.getByRole('link', { name: 'Test the sign-in' }).getAttribute('href');
      assert.equal(trial, `/sign-in/saml/${at.connectionId}/start`);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    test('an answer that is refused ends on one plain page', async () => {
      const { page, context } = await openPage(browser);
      const client = await at.fixture.connect('superuser');
      await page.goto(`${url}/sign-in/saml/${at.connectionId}/start`);
      await client.query(`update identity.saml_provider set certificates = array[$1]`, [
        await at.provider.certificate('next'),
      ]);
      await page.getByLabel('Name').fill('mallory');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'You could not be signed in' }).waitFor();
      assert.match(
        await page.innerText('main'),
        /give the administrator of your organisation this code: [0-9a-f-]{36}/,
      );
      await client.query(`update identity.saml_provider set certificates = array[$1]`, [
        await at.provider.certificate('current'),
      ]);
      await page.getByRole('link', { name: 'Back to the sign-in page' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await context.close();
    });
  },
);
