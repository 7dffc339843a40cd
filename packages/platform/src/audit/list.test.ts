import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TenantPool } from '@bulkhead/kernel';
import { nobody, openFixture, refusal, type Fixture, type Person } from '../../test/fixture.ts';
import { createCompany, renameCompany, type Company } from '../tenants/index.ts';
import type { Entry } from './entry.ts';
import type { EntryFilter } from './filter.ts';
import { listEntries, type EntryList, type EntryPage } from './list.ts';

const cursorKey = Buffer.alloc(32, 9);

describe('listEntries (AUD-1)', () => {
  let fixture: Fixture;
  let host: Person;
  let stranger: Person;
  let companies: Company[];
  before(async () => {
    fixture = await openFixture();
    [host, stranger] = [await fixture.person(), await fixture.person()];
    companies = [];
    for (const name of ['North', 'South', 'East', 'West'])
      companies.push(await createCompany(host.session, { name }));
    await renameCompany(host.session, { companyId: companies[0]?.id ?? '', name: 'Far North' });
  });
  after(() => fixture.close());

  const list = ({ tenantId, session }: Person): EntryList => ({ session, tenant: tenantId, cursorKey });
  const entries = async (filter: EntryFilter & EntryPage = {}): Promise<Entry[]> =>
    (await listEntries(list(host), filter)).entries;

  it('gives the newest first, with actor, target, before, after and diff', async () => {
    const [entry] = await entries({ limit: 1 });
    assert.equal(entry?.action, 'update');
    assert.equal(entry.targetType, 'tenants.company');
    assert.equal(entry.targetId, companies[0]?.id);
    assert.equal(entry.actorKind, 'account');
    assert.equal(entry.actorId, host.accountId);
    assert.equal(entry.before?.['name'], 'North');
    assert.equal(entry.after?.['name'], 'Far North');
    assert.deepEqual(entry.diff, { name: { before: 'North', after: 'Far North' } });
    assert.match(entry.occurredAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('carries request id, address and browser', async () => {
    const database = fixture.database;
    const pool = new TenantPool({ connection: database.connections.app, sealer: database.sealer });
    const context = {
      tenant: stranger.tenantId,
      actor: { kind: 'account', id: stranger.accountId },
    } as const;
    const session = pool.as(context, { id: 'request-1', ip: '2001:db8::1', userAgent: 'Test/1' });
    await createCompany(session, { name: 'Requested' });
    const { entries: found } = await listEntries({ ...list(stranger), session }, { limit: 1 });
    await pool.close();
    assert.deepEqual(
      { requestId: found[0]?.requestId, ip: found[0]?.ip, userAgent: found[0]?.userAgent },
      { requestId: 'request-1', ip: '2001:db8::1', userAgent: 'Test/1' },
    );
  });

  it('shows a tenant its own entries only (ISO-3)', async () => {
    const all = await entries({ limit: 200 });
    assert.equal(all.length, 8);
    assert.ok(!JSON.stringify(all).includes(stranger.accountId));
  });

  it('filters by each field, and by all together', async () => {
    const all = await entries();
    const last = all[0] ?? assert.fail('no entries');
    const expectations: [EntryFilter, number][] = [
      [{ action: 'insert' }, 6],
      [{ action: 'update' }, 1],
      [{ targetType: 'tenants.company' }, 5],
      [{ targetType: 'identity.membership' }, 1],
      [{ targetId: companies[0]?.id }, 2],
      [{ actorId: host.accountId }, 8],
      [{ action: 'email.verify' }, 1],
      [{ actorId: stranger.accountId }, 0],
      [{ companyId: nobody }, 0],
      [{ from: new Date(0) }, 8],
      [{ to: new Date(0) }, 0],
      [
        {
          action: 'insert',
          targetType: 'tenants.company',
          targetId: companies[0]?.id,
          actorId: host.accountId,
        },
        1,
      ],
    ];
    for (const [filter, count] of expectations) {
      assert.equal((await entries(filter)).length, count, JSON.stringify(filter));
    }
    const instant = new Date(last.occurredAt);
    const upTo = await entries({ to: instant });
    assert.ok(upTo.every(({ occurredAt }) => new Date(occurredAt) <= instant) && upTo.length < all.length);
  });

  it('walks through pages without gap or repetition while entries are added', async () => {
    const all = (await entries({ targetType: 'tenants.company' })).map(({ id }) => id);
    const walked: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listEntries(list(host), { targetType: 'tenants.company', limit: 2, cursor });
      walked.push(...page.entries.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
      await createCompany(host.session, { name: `Added after ${walked.length}` });
    } while (cursor !== undefined);
    assert.deepEqual(walked, all);
  });

  it('refuses a cursor of another tenant, of another filter, or of nobody (T-43)', async () => {
    const { nextCursor } = await listEntries(list(host), { limit: 1 });
    const cursor = nextCursor ?? assert.fail('there is another page');
    await assert.rejects(listEntries(list(stranger), { limit: 1, cursor }), refusal('cursor_invalid'));
    await assert.rejects(listEntries(list(host), { cursor, action: 'update' }), refusal('cursor_invalid'));
    await assert.rejects(
      listEntries(list(host), { cursor: Buffer.from(`1; select 1`).toString('base64url') }),
      refusal('cursor_invalid'),
    );
    assert.equal((await listEntries(list(host), { limit: 1, cursor })).entries.length, 1);
  });

  it('refuses a page size out of range', async () => {
    for (const limit of [0, 201, -1, 1.5, Number.NaN]) {
      await assert.rejects(entries({ limit }), refusal('input_invalid'));
    }
  });
});
