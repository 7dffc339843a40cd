import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runOffline } from '../../platform/src/audit/ledger/offline.ts';
import { eventually } from '../../../test/harness/eventually.ts';
import { missing } from '../../../test/harness/index.ts';
import type { Checkpoint } from '../src/audit/types.ts';
import { keepBooks, type Bookkeeping } from './bookkeeping.ts';
import { openPage, signIn, startBrowser, type Watched } from './browser.ts';
import { startConsole, type RunningConsole } from './server.ts';

describe(
  'AUD-4 the audit page of a server that signs, anchors and checks',
  { skip: missing('chromium') },
  () => {
    const opened = new AsyncDisposableStack();
    let server: RunningConsole;
    let keeping: Bookkeeping;
    let page: Watched['page'];
    let complaints: Watched['complaints'];

    before(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bulkhead-chain-'));
      opened.defer(() => rm(folder, { recursive: true }));
      const key = randomBytes(32).toString('hex');
      const audit = { key, anchorFolder: folder, checkpointEvery: 200, verifyEvery: 3000 };
      server = await startConsole({ audit });
      opened.defer(server.close);
      const browser = await startBrowser();
      opened.defer(() => browser.close());
      keeping = await keepBooks(server.url);
      ({ page, complaints } = await openPage(browser));
      await signIn(page, server.url, keeping.owner);
    });
    after(() => opened.disposeAsync());

    /** Waits for what the server's own duties bring about, then opens the page. */
    async function openWhen(what: string, ready: (chain: Checkpoint) => boolean): Promise<Checkpoint> {
      const chain = await eventually(
        async () => {
          const now = await keeping.tenantClient.audit.checkpoint({});
          return ready(now) ? now : undefined;
        },
        { what },
      );
      await page.goto(`${server.url}/audit`);
      await page.getByRole('status', { name: 'Seal of the log' }).waitFor();
      return chain;
    }

    const seal = () => page.getByRole('status', { name: 'Seal of the log' });

    test('says when the log was signed, kept outside and checked, and what that shows and what not', async () => {
      const chain = await openWhen(
        'a check of everything',
        ({ check, size, sealed }) => typeof check?.wholeAt === 'string' && size === sealed && size > 20,
      );
      assert.deepEqual(
        chain.anchors.map(({ kind, size }) => [kind, size]),
        [['folder', chain.size]],
      );
      await seal().getByText('Checked', { exact: true }).waitFor();
      await seal()
        .getByText(/entries sealed, \d+ under a checkpoint signed .*kept outside .*checked /)
        .waitFor();
      await seal().getByRole('button', { name: 'What this shows' }).click();
      const explanation = page.getByRole('dialog');
      await explanation.getByText(/Kept outside: a folder, .*cut short or replaced whole/).waitFor();
      await explanation.getByText(/From its first entry on it was last found sound/).waitFor();
      await explanation.getByText(/None of this proves anything against whoever runs this server/).waitFor();
      await page.keyboard.press('Escape');
      assert.deepEqual(complaints, []);
    });

    test('an entry’s proof is downloaded and holds for whoever has the key alone', async () => {
      await openWhen('signed entries', ({ size, sealed }) => size > 0 && size === sealed);
      await page.getByRole('button', { expanded: false, name: /insert.*books\.customer.*Quayside/ }).click();
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download proof' }).click(),
      ]);
      const keys = await (await fetch(`${server.url}/.well-known/bulkhead-audit-keys`)).text();
      let said = '';
      const out = (text: string): void => void (said += text);
      const given = [await file.path(), '--key', keys.trim()];
      assert.equal(await runOffline(given, { out, error: out }), 0, said);
      assert.match(said, /"target_type": "books\.customer"/);
      assert.deepEqual(complaints, []);
    });

    test('AUD-7 T-69: what was erased is shown as erased, in the entry and its history', async () => {
      await server.eraseSubject(keeping.tenant, keeping.customer.id);
      const { sealed } = await keeping.tenantClient.audit.checkpoint({});
      await openWhen(
        'the erasure’s seal',
        (chain) => chain.sealed > sealed - 1 && chain.check?.outcome === 'sound',
      );
      await page.goto(`${server.url}/audit?target=${keeping.customer.id}&action=insert`);
      await page.getByRole('button', { expanded: false, name: /insert.*books\.customer/ }).click();
      const name = page.getByRole('row', { name: /^name/ });
      await name.getByText('(erased)').first().waitFor();
      await page
        .getByText(/^name, |, name(,|$)/)
        .first()
        .waitFor();
      assert.equal(await page.getByText('Quayside Café').count(), 0);
      assert.deepEqual(complaints, []);
    });

    test('red when it was altered, with what was found; red when no check comes any more', async () => {
      await server.tamper(
        `update bulkhead.audit_entry set action = 'updated' where id = (
         select min(id) from bulkhead.audit_entry where tenant_id = '${keeping.tenant}');
       update bulkhead.audit_verification set whole_at = null`,
      );
      await openWhen('the finding', ({ check }) => check?.outcome === 'tampered');
      await seal().getByText('Altered', { exact: true }).waitFor();
      await seal().getByRole('button', { name: 'What this shows' }).click();
      await page
        .getByRole('dialog')
        .getByText(/edited at 0: entry \d+ is not what was sealed/)
        .waitFor();
      assert.ok(
        server.log.some((line) => line.includes('audit_tampered') && line.includes('"kind":"edited"')),
      );
      await server.tamper(
        `revoke select on bulkhead.audit_entry from bulkhead_auditor;
       update bulkhead.audit_verification set outcome = 'sound', finding = null, due_at = now() - interval '1 minute'`,
      );
      await openWhen('the missed check', ({ check }) => check?.overdue === true && check.outcome === 'sound');
      await seal().getByText('Check overdue', { exact: true }).waitFor();
      assert.deepEqual(complaints, []);
    });
  },
);
