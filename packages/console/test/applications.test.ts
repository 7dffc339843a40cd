import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createClient } from '@bulkhead/platform/identity/provider';
import { identityDependencies, PasswordHasher, signUp } from '@bulkhead/platform/identity';
import { createTenant } from '@bulkhead/platform/tenants';
import { createServer, type Server } from '@bulkhead/server';
import pg from 'pg';
import type { Browser } from 'playwright-core';
import { missing } from '../../../test/harness/components.ts';
import { testCipher } from '../../../test/harness/cipher.ts';
import { testConfig } from '../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { consoleFolder } from '../src/index.ts';
import { openPage, signIn, startBrowser } from './browser.ts';
import { Sibling } from './sibling.ts';

const password = 'seven copper lanterns drift';
const cheap = () => new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } });

describe('one sign-in across applications (AUT-8)', { skip: missing('chromium') }, () => {
  let database: TestDatabase;
  let server: Server;
  let url: string;
  let browser: Browser;
  let a: Sibling;
  let b: Sibling;

  before(async () => {
    [database, browser, a, b] = await Promise.all([
      createTestDatabase({ template: 'full' }),
      startBrowser(),
      Sibling.start('a'),
      Sibling.start('b'),
    ]);
    const config = testConfig(database, {
      http: { console: fileURLToPath(consoleFolder) },
      provider: { logoutTargets: [a, b].map(({ port }) => `127.0.0.1/32:${port}`) },
    });
    server = createServer(config, [], {
      logStream: { write: () => {} },
      identity: { passwords: cheap() },
    });
    ({ url } = await server.listen());
    await seed(database);
    await connect(database, { siblings: [a, b], issuer: `${url}/oidc` });
  });
  after(async () => {
    await Promise.all([browser.close(), a.close(), b.close(), server.close({ force: true })]);
    await database.drop();
  });

  test('sign in at A, be known at B; sign out at B, be forgotten at A', async () => {
    const { page, context, complaints } = await openPage(browser);
    await page.goto(a.origin);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.equal(new URL(page.url()).origin, url, 'the one place where passwords are typed');
    await page.getByLabel('Email').fill('one@example.org');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('Hello One Person of Harbour.').waitFor();

    await page.goto(b.origin);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByText('Hello One Person of Harbour.').waitFor();
    assert.equal(new URL(page.url()).origin, b.origin);

    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByText('Nobody is signed in.').waitFor();
    assert.equal(new URL(page.url()).origin, b.origin, 'and back where they came from');
    await a.whenTold(1);
    await page.goto(a.origin);
    await page.getByText('Nobody is signed in.').waitFor();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('signed in at the console first; of several organisations one is chosen', async () => {
    const { page, context, complaints } = await openPage(browser);
    await page.goto(`${url}/sign-in`);
    await page.getByLabel('Email').fill('two@example.org');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();

    await page.goto(a.origin);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Choose an organisation' }).waitFor();
    await page.getByRole('button', { name: 'Lighthouse' }).click();
    await page.getByText('Hello Two Person of Lighthouse.').waitFor();

    // Ended at the console: the application is told all the same.
    const before = a.told.length;
    await page.goto(url);
    await page.getByRole('button', { name: /^Account: / }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await a.whenTold(before + 1);
    await page.goto(a.origin);
    await page.getByText('Nobody is signed in.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('an application that wants fresh proof has it asked for over the console’s page', async () => {
    const { page, context, complaints } = await openPage(browser);
    await page.goto(a.origin);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('Email').fill('one@example.org');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('Hello One Person of Harbour.').waitFor();
    await ageProofs(database);
    await page.getByRole('link', { name: 'Prove it' }).click();
    const dialog = page.getByRole('dialog', { name: 'Is it you?' });
    await dialog.getByLabel('Password', { exact: true }).fill(password);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Hello One Person of Harbour.').waitFor();
    assert.equal(new URL(page.url()).origin, a.origin);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('an operator registers an application, sees its secret once, and removes it', async () => {
    await promote(database, 'one@example.org');
    const { page, context, complaints } = await openPage(browser);
    await signIn(page, url, { email: 'one@example.org', password });
    await page.goto(`${url}/operator`);
    await page.getByRole('button', { name: 'Register an application' }).click();
    const form = page.getByRole('dialog', { name: 'Register an application' });
    await form.getByLabel('Name').fill('Till');
    await form.getByLabel('Client id').fill('till');
    await form.getByLabel('Redirect addresses').fill('http://till.example.com/callback');
    await form.getByLabel('It is our own').check();
    await form.getByRole('button', { name: 'Register', exact: true }).click();
    await form.getByRole('alert').waitFor();
    await form.getByLabel('Redirect addresses').fill('https://till.example.com/callback');
    await form.getByRole('button', { name: 'Register', exact: true }).click();
    const secret = page.getByRole('dialog', { name: 'The secret of till' });
    assert.match(await secret.getByLabel('Secret').innerText(), /^[A-Za-z0-9_-]{43}$/);
    await secret.getByRole('button', { name: 'Done' }).click();
    await secret.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'New secret for Till' }).click();
    await secret.getByRole('button', { name: 'Done' }).click();
    await secret.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Remove Till' }).click();
    await page.getByRole('button', { name: 'Remove application', exact: true }).click();
    await page.getByRole('button', { name: 'Remove Till' }).waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a sign-in begun elsewhere leads nowhere', async () => {
    const { page, context } = await openPage(browser);
    await page.goto(`${url}/application-sign-in?interaction=${'x'.repeat(43)}`);
    await page.getByRole('heading', { name: 'This sign-in has run out' }).waitFor();
    await context.close();
  });
});

async function promote(database: TestDatabase, email: string): Promise<void> {
  const admin = new pg.Client(database.connections.superuser);
  await admin.connect();
  await admin.query('update identity.account set email_verified_at = now() where email_normalised = $1', [
    email,
  ]);
  await admin.query('select identity.promote_operator($1, $2)', [email, 'Registers our applications']);
  await admin.end();
}

/** Lets every proof of every session be a minute old. */
async function ageProofs(database: TestDatabase): Promise<void> {
  const admin = new pg.Client(database.connections.superuser);
  await admin.connect();
  await admin.query(
    `update identity.session set auth_time = auth_time - interval '1 minute' where ended_at is null`,
  );
  await admin.end();
}

async function seed(database: TestDatabase): Promise<void> {
  const pool = new pg.Pool(database.connections.identity);
  const identity = identityDependencies({
    pool,
    sealer: database.sealer,
    cipher: testCipher(),
    passwords: cheap(),
  });
  const make = (email: string, name: string, tenantName: string) =>
    signUp(identity, { email, password, name, tenantName });
  await make('one@example.org', 'One Person', 'Harbour');
  const { accountId } = await make('two@example.org', 'Two Person', 'Anchor');
  await createTenant(identity, { ownerAccountId: accountId, name: 'Lighthouse' });
  await pool.end();
}

async function connect(
  database: TestDatabase,
  { siblings, issuer }: { siblings: Sibling[]; issuer: string },
): Promise<void> {
  const owner = new pg.Client(database.connections.owner);
  await owner.connect();
  for (const sibling of siblings) {
    const { name, origin, port } = sibling;
    // oxlint-disable-next-line no-await-in-loop -- on one connection
    const { secret } = await createClient(
      { database: owner, clock: Date.now },
      {
        id: `app-${name}`,
        name: `Application ${name}`,
        firstParty: true,
        authentication: 'secret',
        redirectUris: [`${origin}/callback`],
        postLogoutRedirectUris: [`${origin}/`],
        backchannelLogoutUri: `http://127.0.0.1:${port}/told`,
        refresh: false,
        mayCall: [],
        resourceScopes: [],
      },
      randomBytes,
    );
    // oxlint-disable-next-line no-await-in-loop -- one application after the other
    await sibling.connect(issuer, {
      id: `app-${name}`,
      secret: secret ?? '',
      scope: 'openid profile tenant',
    });
  }
  await owner.end();
}
