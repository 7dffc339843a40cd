import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { TenantTransaction } from '@bulkhead/kernel';
import fc from 'fast-check';
import type pg from 'pg';
import { openFixture, type Fixture, type Person } from '../../../test/fixture.ts';
import { openReceiving, signed, type Receiving } from '../../../test/receiving.ts';
import {
  changeSource,
  listReceivedEvents,
  maximumAttempts,
  processEvents,
  purgeReceived,
  replayEvents,
  reportRefusals,
  type WebhookHandler,
} from './index.ts';

const day = 24 * 3_600_000;
const body = JSON.stringify({ type: 'order.paid', name: 'Paid by webhook' });

/** A module's handler that writes one row of the tenant's. */
const renameTenant: WebhookHandler<TenantTransaction> = async (event, { transaction }) => {
  await transaction.query('insert into tenants.company (name) values ($1)', [
    `${String(event.payload['name'])} ${event.eventId}`,
  ]);
};

describe('what others send (EDG-5)', () => {
  let fixture: Fixture;
  let receiving: Receiving;
  let superuser: pg.Client;
  let owner: Person;
  let source: { id: string; secret: string };
  before(async () => {
    fixture = await openFixture();
    receiving = openReceiving(fixture);
    superuser = await fixture.connect('superuser');
  });
  beforeEach(async () => {
    await superuser.query('truncate webhooks.received_event');
    owner = await fixture.person();
    source = await receiving.source(owner);
  });
  after(async () => {
    await receiving.close();
    await fixture.close();
  });

  const now = (): number => fixture.identity.clock();
  const send = (id: string, { text = body, secret = source.secret, to = source.id } = {}) =>
    receiving.send(to, signed(secret, { id, at: now(), body: text }), text);
  const events = (person = owner) => listReceivedEvents(person.session, { limit: 500 });
  const states = async (): Promise<string[]> =>
    (await events()).map(({ eventId, state }) => `${eventId} ${state}`);
  const companies = async (person = owner): Promise<string[]> => {
    const { rows } = await person.session.query<{ name: string }>(
      'select name from tenants.company order by name',
    );
    return rows.map(({ name }) => name);
  };
  const run = (handler: WebhookHandler<TenantTransaction> = renameTenant) =>
    processEvents(receiving.processing({ of: { 'order.paid': [handler] } }));

  it('is stored before it is answered, encrypted, and processed in its tenant by a duty', async () => {
    assert.deepEqual(await send('msg_1'), { status: 200, code: undefined });
    const stored = await superuser.query<{ content: Buffer; tenant_id: string }>(
      'select content, tenant_id from webhooks.received_event',
    );
    assert.equal(stored.rows[0]?.tenant_id, owner.tenantId);
    assert.ok(!stored.rows[0]?.content.includes('Paid by webhook'));
    assert.deepEqual(await companies(), []);
    await run();
    assert.deepEqual(await companies(), ['Paid by webhook msg_1']);
    assert.deepEqual(await states(), ['msg_1 processed']);
    const { rows } = await owner.session.query<{ actor_kind: string; actor_id: string }>(
      `select actor_kind, actor_id from bulkhead.audit_log where target_type = 'tenants.company'`,
    );
    assert.deepEqual(rows, [{ actor_kind: 'service', actor_id: source.id }]);
  });

  it('is processed once, however often and to however many servers it is sent', async () => {
    const servers = [receiving.receiver, receiving.anotherServer(), receiving.anotherServer()];
    const headers = signed(source.secret, { id: 'msg_1', at: now(), body });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (servers[index % 3] ?? receiving.receiver).receive(source.id, {
          header: (name) => headers[name],
          body: Buffer.from(body),
        }),
      ),
    );
    assert.ok(answers.every((answer) => answer.status === 200));
    await Promise.all([run(), run(), run()]);
    assert.equal((await send('msg_1')).status, 200);
    await run();
    assert.deepEqual(await companies(), ['Paid by webhook msg_1']);
  });

  it('of the same id is another event for another source, and for another tenant (T-11)', async () => {
    const stranger = await fixture.person();
    const [second, foreign] = [await receiving.source(owner), await receiving.source(stranger)];
    for (const to of [source.id, second.id, foreign.id])
      assert.equal((await send('msg_1', { to })).status, 200);
    await run(async (event, { transaction }) => {
      await transaction.query('insert into tenants.company (name) values ($1)', [event.sourceId]);
    });
    assert.equal((await companies()).length, 2);
    assert.equal((await companies(stranger)).length, 1);
    assert.equal((await events(stranger)).length, 1);
  });

  it('is refused with 401 whatever is wrong, and stored only when nothing is', async () => {
    const stranger = await fixture.person();
    const foreign = await receiving.source(stranger, {
      secret: `whsec_${Buffer.alloc(32, 9).toString('base64')}`,
    });
    const good = signed(source.secret, { id: 'msg_1', at: now(), body });
    const attempts: [string, string, Record<string, string>, string][] = [
      ['signature_wrong', source.id, good, `${body} `],
      ['signature_wrong', foreign.id, good, body],
      ['signature_missing', source.id, {}, body],
      ['outside_window', source.id, signed(source.secret, { id: 'a', at: now() + 301_000, body }), body],
      ['body_unusable', source.id, signed(source.secret, { id: 'a', at: now(), body: '1' }), '1'],
      ['source_unknown', '99999999-9999-4999-8999-999999999999', good, body],
      ['source_unknown', '00000000-0000-0000-0000-000000000000', good, body],
      ['source_unknown', `${source.id}'`, good, body],
      ['source_unknown', '', good, body],
    ];
    for (const [code, to, headers, text] of attempts) {
      assert.deepEqual(await receiving.send(to, headers, text), { status: 401, code }, `${code} ${to}`);
    }
    await changeSource(owner.session, { id: source.id, name: 'Off', enabled: false });
    fixture.advance(5001);
    assert.deepEqual(await send('msg_2'), { status: 401, code: 'source_unknown' });
    assert.deepEqual(await events(), []);
  });

  it('that was refused is told in the tenant’s audit log, one entry a source whatever the flood', async () => {
    receiving.refusals.take();
    for (let count = 0; count < 100; count += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await receiving.send(source.id, {}, body);
    }
    await receiving.send('99999999-9999-4999-8999-999999999999', {}, body);
    const { pool, sealer } = fixture.identity;
    const as = (tenant: string, id: string) =>
      receiving.tenants.as({ tenant, actor: { kind: 'service', id } });
    await reportRefusals({ refusals: receiving.refusals, pool, sealer, as });
    const { rows } = await superuser.query<{ tenant_id: string | null; detail: object }>(
      `select tenant_id, detail from bulkhead.audit_entry where action = 'webhook.refuse' order by tenant_id`,
    );
    assert.deepEqual(rows, [
      { tenant_id: owner.tenantId, detail: { reasons: { signature_missing: 100 } } },
      { tenant_id: null, detail: { source: 'unknown', reasons: { source_unknown: 1 } } },
    ]);
  });

  it('with a card number in it is refused and not kept (EDG-9)', async () => {
    const text = JSON.stringify({ type: 'order.paid', card: '4242 4242 4242 4242' });
    assert.deepEqual(await send('msg_1', { text }), { status: 422, code: 'card_data_refused' });
    assert.deepEqual(await events(), []);
  });

  it('waits longer after each failure, is given up after ten, and is replayed by the tenant alone', async () => {
    await send('msg_1');
    const failures: boolean[] = [];
    const failing: WebhookHandler<TenantTransaction> = async (event, context) => {
      await renameTenant(event, context);
      throw new TypeError('the module is wrong');
    };
    const processing = {
      ...receiving.processing({ of: { 'order.paid': [failing] } }),
      onFailure: ({ final }: { final: boolean }) => void failures.push(final),
    };
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await processEvents(processing);
      fixture.advance(6 * 3_600_000);
    }
    assert.deepEqual(failures, [...Array.from({ length: maximumAttempts - 1 }, () => false), true]);
    const [failed] = await events();
    assert.deepEqual(
      [failed?.state, failed?.attempts, failed?.error],
      ['failed', maximumAttempts, 'TypeError'],
    );
    assert.deepEqual(await companies(), []);
    const stranger = await fixture.person();
    const { clock } = fixture.identity;
    const named = { events: [failed?.id ?? ''] };
    assert.equal(await replayEvents({ session: stranger.session, clock }, named), 0);
    assert.equal(await replayEvents({ session: owner.session, clock }, { events: 'failed' }), 1);
    await run();
    assert.deepEqual(await companies(), ['Paid by webhook msg_1']);
    assert.equal(await replayEvents({ session: owner.session, clock }, named), 0);
  });

  it('for which no module listens is kept, and replayed once one does', async () => {
    await send('msg_1');
    await processEvents(receiving.processing({}));
    assert.deepEqual(await states(), ['msg_1 ignored']);
    const id = (await events())[0]?.id ?? '';
    const { clock } = fixture.identity;
    assert.equal(await replayEvents({ session: owner.session, clock }, { events: [id] }), 1);
    await run();
    assert.deepEqual(await states(), ['msg_1 processed']);
  });

  it('is wiped after 30 days, processed or not, and forgotten after 400', async () => {
    await send('a');
    await run();
    await send('b');
    fixture.advance(30 * day + 1);
    await purgeReceived({ worker: receiving.worker, clock: fixture.identity.clock });
    const { rows } = await superuser.query(
      'select event_id, state, content, error from webhooks.received_event order by 1',
    );
    assert.deepEqual(rows, [
      { event_id: 'a', state: 'processed', content: null, error: null },
      { event_id: 'b', state: 'failed', content: null, error: 'expired' },
    ]);
    assert.equal((await send('a')).status, 200);
    assert.deepEqual(await companies(), ['Paid by webhook a']);
    fixture.advance(370 * day);
    await purgeReceived({ worker: receiving.worker, clock: fixture.identity.clock });
    assert.deepEqual(await events(), []);
  });

  it('is taken over when a server dies with it, and what the dead one wrote later is rolled back', async () => {
    await send('msg_1');
    const { promise: reached, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: goOn, resolve: wake } = Promise.withResolvers<void>();
    const slow = receiving.processing({ of: { 'order.paid': [renameTenant] } });
    const stuck = processEvents({
      ...slow,
      tenants: {
        transaction: async (of, work) => {
          arrive();
          await goOn;
          await slow.tenants.transaction(of, work);
        },
      },
    });
    await reached;
    await run();
    assert.deepEqual(await companies(), []);
    fixture.advance(120_000);
    await run();
    wake();
    await stuck;
    assert.deepEqual(await companies(), ['Paid by webhook msg_1']);
    assert.deepEqual(await states(), ['msg_1 processed']);
  });

  it('that SQL injected into the server stored is never processed; nor can it read, finish or unprocess one', async () => {
    await send('msg_1');
    const app = await fixture.connect('app');
    const inTenant = async (text: string, values: unknown[] = []): Promise<pg.QueryResult> => {
      await app.query('begin');
      try {
        const context = fixture.database.sealer.seal({
          tenant: owner.tenantId,
          actor: { kind: 'account', id: owner.accountId },
        });
        await app.query(`select set_config('bulkhead.context', $1, true)`, [context]);
        return await app.query(text, values);
      } finally {
        await app.query('commit');
      }
    };
    const { rows } = await superuser.query<{ id: string }>('select id from webhooks.received_event');
    for (const text of [
      'select content from webhooks.received_event',
      'select secret_encrypted from webhooks.source_secret',
      `select webhooks.receive_events('[]', '[]', '{}', now())`,
      `select webhooks.claim_events(now(), '1 minute', 1, false)`,
      `insert into webhooks.source (name, scheme) values ('x', 'svix')`,
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(inTenant(text), { code: '42501' }, text);
    }
    const settle = `select webhooks.settle_event($1, gen_random_uuid(), 'processed', now()) as settled`;
    assert.deepEqual((await inTenant(settle, [rows[0]?.id])).rows, [{ settled: false }]);
    const identity = fixture.identity.pool;
    const forged = [
      {
        place: 1,
        id: crypto.randomUUID(),
        tenant: owner.tenantId,
        source: source.id,
        eventId: 'x',
        eventType: 'order.paid',
      },
    ];
    const copied = await superuser.query<{ content: Buffer }>('select content from webhooks.received_event');
    for (const content of [Buffer.from(body), copied.rows[0]?.content]) {
      const text = 'select webhooks.receive_events($1, $2, $3, $4)';
      const named = forged.map((event) => ({
        ...event,
        id: crypto.randomUUID(),
        eventId: crypto.randomUUID(),
      }));
      const values = [JSON.stringify(named), [content], new Date(now())];
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(identity.query(text, ['[]', ...values]), { code: '42501' });
      const seal = { tenant: owner.tenantId, actor: { kind: 'service' as const, id: source.id } };
      const sender = {
        tenant: owner.tenantId,
        source: source.id,
        context: fixture.database.sealer.seal(seal),
      };
      // Nor with the seal of a source: what is stored does not decrypt.
      // oxlint-disable-next-line no-await-in-loop
      await identity.query(text, [JSON.stringify([sender]), ...values]);
    }
    await run();
    assert.deepEqual(await companies(), ['Paid by webhook msg_1']);
    assert.deepEqual((await events()).filter(({ error }) => error === 'decrypt_failed').length, 2);
    await assert.rejects(receiving.worker.query(`update webhooks.received_event set state = 'waiting'`), {
      code: '42501',
    });
    await assert.rejects(
      superuser.query(`update webhooks.received_event set state = 'waiting', finished_at = null`),
      {
        constraint: 'received_event_processed_once',
      },
    );
  });

  it('changes exactly what each event asks for, once, whatever fails, dies and comes twice (property)', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), id: fc.integer({ min: 0, max: 3 }) }),
      fc.record({
        kind: fc.constant('run' as const),
        fails: fc.boolean(),
        servers: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 30_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        const person = await fixture.person();
        const { id: to } = await receiving.source(person);
        const sent = new Set<number>();
        for (const action of steps) {
          if (action.kind === 'send') {
            // oxlint-disable-next-line no-await-in-loop
            assert.equal((await send(`msg_${action.id}`, { to })).status, 200);
            sent.add(action.id);
          } else if (action.kind === 'wait') fixture.advance(action.seconds * 1000);
          else {
            const handler: WebhookHandler<TenantTransaction> = async (event, context) => {
              await renameTenant(event, context);
              if (action.fails) throw new Error('not this time');
            };
            // oxlint-disable-next-line no-await-in-loop
            await Promise.all(Array.from({ length: action.servers }, () => run(handler)));
          }
        }
        for (let round = 0; round < 2; round += 1) {
          fixture.advance(6 * 3_600_000);
          // oxlint-disable-next-line no-await-in-loop
          await run();
        }
        assert.deepEqual(
          await companies(person),
          [...sent].toSorted((a, b) => a - b).map((id) => `Paid by webhook msg_${id}`),
        );
      }),
      { numRuns: 15 },
    );
  });
});
