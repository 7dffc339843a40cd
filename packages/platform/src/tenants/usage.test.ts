import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, type Fixture, type Person } from '../../test/fixture.ts';
import { forgetOldUsage, readQuotasTaken, readUsage, recordUsage, type UsageFigure } from './index.ts';

const hour = (text: string) => new Date(`2026-03-${text}:00:00Z`);
const since = hour('01T00');

let fixture: Fixture;
let worker: pg.Client;
before(async () => {
  fixture = await openFixture();
  worker = await fixture.connect('worker');
});
after(() => fixture.close());

const server = (serverId: string = randomUUID()) => ({
  worker: worker as unknown as pg.Pool,
  sealer: fixture.database.sealer,
  serverId,
});
const figure = ({ tenantId }: Person, at: Date, counts: Partial<UsageFigure> = {}): UsageFigure => ({
  tenant: tenantId,
  hour: at,
  rateClass: 'read',
  answered: 1,
  refused: 0,
  ...counts,
});

describe('usage of a tenant (EDG-3)', () => {
  it('is what all servers counted, however often each writes it, and each tenant’s own', async () => {
    const [one, other] = [await fixture.person(), await fixture.person()];
    const [first, second] = [server(), server()];
    const figures = [
      figure(one, hour('05T10'), { answered: 5, refused: 2 }),
      figure(one, hour('05T11'), { rateClass: 'write', answered: 3 }),
      figure(other, hour('05T10'), { answered: 90 }),
    ];
    await recordUsage(first, figures);
    await recordUsage(first, figures);
    await recordUsage(second, [figure(one, hour('05T10'), { answered: 10 })]);
    await recordUsage(first, [figure(one, hour('05T10'), { answered: 6, refused: 2 })]);
    assert.deepEqual(await readUsage(one.session, { since, step: 'hour' }), [
      { at: hour('05T10'), rateClass: 'read', answered: 16, refused: 2 },
      { at: hour('05T11'), rateClass: 'write', answered: 3, refused: 0 },
    ]);
    assert.deepEqual(await readUsage(other.session, { since, step: 'day' }), [
      { at: hour('05T00'), rateClass: 'read', answered: 90, refused: 0 },
    ]);
    assert.deepEqual(await readUsage(one.session, { since: hour('05T11'), step: 'hour' }), [
      { at: hour('05T11'), rateClass: 'write', answered: 3, refused: 0 },
    ]);
  });

  it('is forgotten after 35 days, in a tenant that has been idle since too', async () => {
    const [idle, busy] = [await fixture.person(), await fixture.person()];
    const parts = server();
    await recordUsage(parts, [
      figure(idle, hour('01T05')),
      figure(busy, hour('01T05')),
      figure(busy, hour('20T05')),
    ]);
    const now = hour('01T05').getTime() + 35 * 24 * 3_600_000;
    const left = async ({ session }: Person) => (await readUsage(session, { since, step: 'hour' })).length;
    assert.equal(await forgetOldUsage(parts, { now }), false);
    assert.deepEqual([await left(idle), await left(busy)], [1, 2]);
    await forgetOldUsage(parts, { now: now + 1 });
    assert.deepEqual([await left(idle), await left(busy)], [0, 1]);
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query(
      'select tenant_id, first_hour from tenants.usage_holder where tenant_id = any ($1)',
      [[idle.tenantId, busy.tenantId]],
    );
    assert.deepEqual(rows, [{ tenant_id: busy.tenantId, first_hour: hour('20T05') }]);
  });

  it('tells how much of each quota is taken', async () => {
    const { session } = await fixture.person();
    assert.deepEqual(await readQuotasTaken(session), { members: 1, apiKeys: 0, webhookEndpoints: 0 });
  });

  it('is written by nobody of the tenant, and for no tenant without its seal', async () => {
    const [one, other] = [await fixture.person(), await fixture.person()];
    for (const text of [
      'delete from tenants.usage_hour',
      'update tenants.usage_hour set refused = 0',
      `select tenants.record_usage('${randomUUID()}', '{}', '[]')`,
      `select tenants.forget_usage('{}', now())`,
      'select * from tenants.usage_holder',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(one.session.query(text), { sqlstate: '42501' }, text);
    }
    const { sealer } = fixture.database;
    const context = sealer.seal({ tenant: one.tenantId, actor: { kind: 'job', id: randomUUID() } });
    const row = {
      tenant: other.tenantId,
      hour: hour('05T10'),
      rate_class: 'read',
      answered: 7,
      refused: 0,
    };
    const write = (contexts: string[]) =>
      worker.query('select tenants.record_usage($1, $2, $3)', [
        randomUUID(),
        contexts,
        JSON.stringify([row]),
      ]);
    await write([context]);
    assert.deepEqual(await readUsage(other.session, { since, step: 'hour' }), []);
    const end = context.at(-1) === '0' ? '1' : '0';
    await assert.rejects(write([context.slice(0, -1) + end]), { code: '42501' });
    await assert.rejects(worker.query('select * from tenants.usage_hour'), { code: '42501' });
  });

  it('mutation: with its policies off, a tenant sees what another used', async () => {
    const [one, other] = [await fixture.person(), await fixture.person()];
    await recordUsage(server(), [figure(other, hour('05T10'), { answered: 7 })]);
    assert.deepEqual(await readUsage(one.session, { since, step: 'hour' }), []);
    const owner = await fixture.connect('owner');
    await owner.query('alter table tenants.usage_hour disable row level security');
    try {
      assert.ok((await readUsage(one.session, { since, step: 'hour' })).length > 0);
    } finally {
      await owner.query('alter table tenants.usage_hour enable row level security');
    }
  });
});
