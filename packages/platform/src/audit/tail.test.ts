import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createCompany } from '../tenants/index.ts';
import { openFixture, refusal, type Fixture, type Person } from '../../test/fixture.ts';
import { tailEntries, type Tail, type TailBatch, type TailOptions } from './tail.ts';

const cursorKey = Buffer.alloc(32, 9);

describe('live tail (AUD-5)', () => {
  let fixture: Fixture;
  let host: Person;
  let stranger: Person;
  before(async () => {
    fixture = await openFixture();
    [host, stranger] = [await fixture.person(), await fixture.person()];
  });
  after(() => fixture.close());

  /** Looks once each time it is asked for the next batch and something is there. */
  const follow = (person: Person, options: TailOptions = {}): AsyncGenerator<TailBatch, void> => {
    const tail: Tail = {
      session: person.session,
      tenant: person.tenantId,
      cursorKey,
      wait: () => new Promise((resolve) => setImmediate(resolve)),
    };
    return tailEntries(tail, { looks: 200, ...options });
  };
  const next = async (tail: AsyncGenerator<TailBatch, void>): Promise<TailBatch> => {
    const { value } = await tail.next();
    assert.ok(value, 'the stream ended');
    return value;
  };
  const names = ({ entries }: TailBatch) => entries.map(({ after: fields }) => fields?.['name']);

  it('tells what comes after it began, of the own tenant alone (T-72)', async () => {
    await createCompany(host.session, { name: 'Before' });
    const tail = follow(host);
    assert.deepEqual((await next(tail)).entries, []);
    await createCompany(stranger.session, { name: 'Foreign' });
    await createCompany(host.session, { name: 'First' });
    assert.deepEqual(names(await next(tail)), ['First']);
    await createCompany(host.session, { name: 'Second' });
    assert.deepEqual(names(await next(tail)), ['Second']);
    await tail.return();
  });

  it('misses nobody who wrote early and committed late, and tells nothing twice', async () => {
    const tail = follow(host);
    await next(tail);
    const slow = await fixture.connect('app');
    await slow.query('begin');
    await slow.query(`select set_config('bulkhead.context', $1, true)`, [
      fixture.database.sealer.seal({ tenant: host.tenantId, actor: { kind: 'account', id: host.accountId } }),
    ]);
    await slow.query(`insert into tenants.company (name) values ('Slow')`);
    for (const name of ['Quick 1', 'Quick 2', 'Quick 3']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await createCompany(host.session, { name });
      // oxlint-disable-next-line no-await-in-loop -- one after another
      assert.deepEqual(names(await next(tail)), [name]);
    }
    await slow.query('commit');
    assert.deepEqual(names(await next(tail)), ['Slow'], 'its id is below three that were told before');
    await createCompany(host.session, { name: 'Last' });
    assert.deepEqual(names(await next(tail)), ['Last']);
    await tail.return();
  });

  it('resumes where it was cut off', async () => {
    const tail = follow(host);
    await next(tail);
    await createCompany(host.session, { name: 'Seen' });
    const { cursor } = await next(tail);
    await tail.return();
    await createCompany(host.session, { name: 'Meanwhile' });
    const again = follow(host, { resume: cursor });
    await next(again);
    assert.deepEqual(names(await next(again)), ['Meanwhile']);
    await again.return();
  });

  it('T-43: resumes from nothing but a place that this server sealed for this tenant and filter', async () => {
    const tail = follow(host);
    const { cursor } = await next(tail);
    await tail.return();
    await assert.rejects(follow(stranger, { resume: cursor }).next(), refusal('cursor_invalid'));
    await assert.rejects(
      follow(host, { resume: cursor, filter: { action: 'insert' } }).next(),
      refusal('cursor_invalid'),
    );
    await assert.rejects(
      follow(host, { resume: Buffer.from('0 3:3:').toString('base64url') }).next(),
      refusal('cursor_invalid'),
    );
  });

  it('keeps to its filter, ends after its looks, and says when a screen is not enough', async () => {
    const tail = follow(host, { filter: { action: 'soft_delete' }, looks: 3 });
    await next(tail);
    await createCompany(host.session, { name: 'Not asked for' });
    assert.equal((await tail.next()).done, true);
    const flood = follow(host);
    await next(flood);
    await host.session.query(
      `insert into tenants.company (name) select 'Flood ' || g from generate_series(1, 250) g`,
    );
    const batch = await next(flood);
    assert.equal(batch.entries.length, 200);
    assert.equal(batch.skipped, true);
    await flood.return();
  });

  it('ends with its signal', async () => {
    const leaving = new AbortController();
    const tail = follow(host, { signal: leaving.signal });
    await next(tail);
    leaving.abort();
    assert.equal((await tail.next()).done, true);
  });
});
