import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { createCompany, renameCompany } from '../tenants/index.ts';
import { openFixture, refusal, type Fixture, type Person } from '../../test/fixture.ts';
import { listEntries, type EntryList, type EntryPage, type FoundEntries } from './list.ts';
import type { EntryFilter } from './filter.ts';
import { listViews, removeView, saveView } from './view.ts';

const cursorKey = Buffer.alloc(32, 9);

describe('search of audit entries (AUD-5)', () => {
  let fixture: Fixture;
  let host: Person;
  let stranger: Person;
  before(async () => {
    fixture = await openFixture();
    [host, stranger] = [await fixture.person(), await fixture.person()];
    for (let n = 0; n < 30; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const { id } = await createCompany(host.session, { name: `Branch ${n}` });
      // oxlint-disable-next-line no-await-in-loop -- one after another
      if (n % 10 === 0) await renameCompany(host.session, { companyId: id, name: `100%_sure ${n}` });
    }
  });
  after(() => fixture.close());

  const list = ({ tenantId, session }: Person, reach?: number): EntryList => ({
    session,
    tenant: tenantId,
    cursorKey,
    clock: () => 0,
    ...(reach === undefined ? {} : { reach }),
  });
  const search = (filter: EntryFilter & EntryPage, reach?: number): Promise<FoundEntries> =>
    listEntries(list(host, reach), filter);

  it('finds text anywhere in before, after and detail, whatever its case; % and _ are themselves', async () => {
    const names = async (text: string) =>
      (await search({ text, limit: 200 })).entries.map(({ action }) => action);
    assert.equal((await names('BRANCH 7')).length, 1);
    assert.equal((await names('100%_sure')).length, 3);
    assert.equal((await names('100__sure')).length, 0);
    assert.equal((await names('\\')).length, 0);
    assert.deepEqual((await listEntries(list(stranger), { text: 'branch' })).entries, []);
  });

  it('a page looks at a bounded number of entries, says how far it came, and the next goes on there', async () => {
    const all = (await search({ action: 'update', limit: 200 })).entries.map(({ id }) => id);
    assert.ok(all.length >= 3);
    const found: string[] = [];
    let [cursor, pages] = [undefined as string | undefined, 0];
    do {
      // oxlint-disable-next-line no-await-in-loop -- one page after another
      const page = await search({ action: 'update', limit: 50, cursor }, 7);
      found.push(...page.entries.map(({ id }) => id));
      assert.equal(page.searchedTo === null, page.nextCursor === null);
      cursor = page.nextCursor ?? undefined;
      pages += 1;
    } while (cursor !== undefined);
    assert.deepEqual(found, all);
    assert.ok(pages >= 5, `${pages} pages of seven entries`);
  });

  it('looks no further than its patience where entries are slow to come, and the next page goes on there', async () => {
    await host.session.query(
      `select bulkhead.audit_event('letter.send', 'shop.letter') from generate_series(1, 700)`,
    );
    let time = 0;
    const quick = await listEntries({ ...list(host), clock: () => time }, { text: 'Branch 1' });
    assert.ok(quick.entries.length > 0);
    assert.equal(quick.searchedTo, null, 'with all its patience it comes to the end');
    const slow = { ...list(host), clock: () => (time += 11) };
    const first = await listEntries(slow, { text: 'Branch 1' });
    assert.deepEqual(
      [first.entries, first.searchedTo === null],
      [[], false],
      'after 250 entries that are none',
    );
    const found: string[] = [];
    let page = first;
    for (let pages = 1; page.nextCursor !== null; pages += 1) {
      assert.ok(pages < 10);
      // oxlint-disable-next-line no-await-in-loop -- one page after another
      page = await listEntries(slow, { text: 'Branch 1', cursor: page.nextCursor });
      found.push(...page.entries.map(({ id }) => id));
    }
    assert.deepEqual(
      found,
      quick.entries.map(({ id }) => id),
    );
  });

  it('T-43: a cursor is of its tenant and filter alone, also one of a page that found nothing', async () => {
    const { entries, nextCursor } = await search({ text: 'nowhere to be found' }, 5);
    assert.deepEqual(entries, []);
    const cursor = nextCursor ?? '';
    await search({ text: 'nowhere to be found', cursor }, 5);
    await assert.rejects(search({ text: 'elsewhere', cursor }, 5), refusal('cursor_invalid'));
    await assert.rejects(
      listEntries(list(stranger, 5), { text: 'nowhere to be found', cursor }),
      refusal('cursor_invalid'),
    );
  });

  it('finds by request, and by time to the microsecond', async () => {
    const { entries } = await search({ limit: 3 });
    const [newest, second] = entries;
    assert.ok(newest && second);
    const { entries: none } = await search({ requestId: 'no such request' });
    assert.deepEqual(none, []);
    const from = new Date(Date.parse(newest.occurredAt) - 1);
    const since = (await search({ from, limit: 200 })).entries;
    assert.equal(since[0]?.id, newest.id);
    assert.ok(since.every(({ occurredAt }) => Date.parse(occurredAt) >= from.getTime()));
  });

  it('shows personal values as they are, and erased ones as erased (T-69)', async () => {
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query<{ id: string }>(
      `insert into identity.invite (tenant_id, email_normalised, role, invited_by, expires_at)
       values ($1, 'grace@people.example', 'member', $2, now() + interval '1 day') returning id`,
      [host.tenantId, host.accountId],
    );
    const id = rows[0]?.id ?? '';
    const shown = async () => (await search({ targetId: id, action: 'insert' })).entries[0];
    assert.equal((await shown())?.after?.['email_normalised'], 'grace@people.example');
    assert.deepEqual((await shown())?.erased, []);
    assert.equal((await shown())?.detail, null);
    assert.equal((await search({ text: 'grace@people' })).entries.length, 1);
    const worker: pg.Client = await fixture.connect('worker');
    await worker.query(
      'select bulkhead.erase_audit_subject(gen_random_uuid(), $1, $2, clock_timestamp(), $3)',
      [host.tenantId, id, 'asked for in request 12'],
    );
    assert.equal((await shown())?.after?.['email_normalised'], null);
    assert.deepEqual((await shown())?.erased, ['email_normalised']);
    assert.equal((await shown())?.after?.['role'], 'member', 'what is not personal stays');
    assert.equal((await search({ text: 'grace@people' })).entries.length, 0);
  });
});

describe('kept searches (AUD-5)', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  it('belong to their account, are replaced by name, and end', async () => {
    const [host, other] = [await fixture.person(), await fixture.person()];
    const colleague = fixture.as(host.tenantId, other.accountId);
    const kept = await saveView(host.session, { name: 'Refusals', filter: { action: 'permission.refuse' } });
    await saveView(host.session, { name: 'Refusals', filter: { action: 'batch.refuse' } });
    assert.deepEqual(await listViews(host.session), [
      { id: kept.id, name: 'Refusals', filter: { action: 'batch.refuse' } },
    ]);
    assert.deepEqual(await listViews(colleague), [], 'nobody else in the tenant');
    await assert.rejects(removeView(colleague, kept.id), refusal('view_missing'));
    await removeView(host.session, kept.id);
    assert.deepEqual(await listViews(host.session), []);
    await assert.rejects(removeView(host.session, kept.id), refusal('view_missing'));
  });

  it('are fifty at most', async () => {
    const host = await fixture.person();
    for (let n = 0; n < 50; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await saveView(host.session, { name: `view ${n}`, filter: {} });
    }
    await assert.rejects(saveView(host.session, { name: 'one more', filter: {} }), refusal('view_limit'));
    await saveView(host.session, { name: 'view 7', filter: { text: 'still replaceable' } });
  });
});
