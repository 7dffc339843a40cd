import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type pg from 'pg';
import { freshEmail, openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import { withMutant, type Mutation } from '../../../test/mutant.ts';
import {
  openReceiver,
  openWebhooks,
  verify,
  type Receiver,
  type WebhookFixture,
} from '../../../test/webhooks.ts';
import { systemRandomBytes } from '../../random.ts';
import { acceptInvite } from '../../access/acceptInvite.ts';
import { inviteWithoutMail } from '../../access/invite.ts';
import {
  changeEndpoint,
  deliverWebhooks,
  listAttempts,
  listDeliveries,
  listEndpoints,
  removeEndpoint,
  replay,
  rotateSecret,
  sendTest,
} from './index.ts';

describe('whose webhooks they are (EDG-6, ISO-5)', () => {
  let fixture: Fixture;
  let receiver: Receiver;
  let thief: Receiver;
  let webhooks: WebhookFixture;
  let superuser: pg.Client;
  let app: pg.Client;
  let [one, other]: Person[] = [];
  let signing = '';
  before(async () => {
    fixture = await openFixture();
    [receiver, thief] = [await openReceiver(), await openReceiver()];
    webhooks = openWebhooks(fixture, [receiver, thief]);
    superuser = await fixture.connect('superuser');
    app = await fixture.connect('app');
  });
  beforeEach(async () => {
    await superuser.query('truncate webhooks.event, webhooks.delivery, webhooks.attempt');
    [one, other] = [await fixture.person({ companyName: 'North' }), await fixture.person()];
    for (const each of [receiver, thief]) each.arrivals.length = 0;
  });
  after(async () => {
    await Promise.all([receiver.close(), thief.close(), webhooks.close()]);
    await fixture.close();
  });

  const people = (): [Person, Person] => {
    if (one === undefined || other === undefined) throw new Error('nobody is there');
    return [one, other];
  };

  /** What SQL injected into a request of this person's can do. */
  async function injected(person: Person, text: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const seal = fixture.database.sealer.seal({
      tenant: person.tenantId,
      actor: { kind: 'account', id: person.accountId },
    });
    await app.query(`select set_config('bulkhead.context', $1, false)`, [seal]);
    return app.query(text, values);
  }

  it('an event reaches the endpoints of its own tenant alone', async () => {
    const [mine, theirs] = people();
    await webhooks.endpoint(mine, receiver);
    await webhooks.endpoint(theirs, thief);
    await webhooks.emit(mine);
    await webhooks.deliver();
    assert.deepEqual([receiver.arrivals.length, thief.arrivals.length], [1, 0]);
    assert.equal((await listDeliveries(theirs.session, { limit: 10 })).deliveries.length, 0);
  });

  it('an endpoint keeps its id to itself: SQL injected into another tenant takes it for none of its own', async () => {
    const [mine, theirs] = people();
    const { endpointId } = await webhooks.endpoint(mine, receiver);
    const taken = injected(
      theirs,
      `select webhooks.create_endpoint($1, 'https://thief.example/', '', null, gen_random_uuid(), repeat('a', 60)::bytea, now())`,
      [endpointId],
    );
    await assert.rejects(taken, { code: '23505', constraint: 'endpoint_health_pkey' });
  });

  it('another tenant finds no endpoint, delivery or attempt, and changes none', async () => {
    const [mine, theirs] = people();
    const { endpointId } = await webhooks.endpoint(mine, receiver);
    await webhooks.emit(mine);
    await webhooks.deliver();
    const deliveryId = (await listDeliveries(mine.session, { limit: 1 })).deliveries[0]?.id ?? '';
    const at = webhooks.dependencies(theirs);
    const missing = refusal('endpoint_missing');
    await assert.rejects(changeEndpoint(at, endpointId, { enabled: false }), missing);
    await assert.rejects(rotateSecret(at, endpointId, 1), missing);
    await assert.rejects(removeEndpoint(at, endpointId), missing);
    await assert.rejects(sendTest(theirs.session, endpointId), missing);
    await assert.rejects(replay(at, { endpointId, deliveryId }), missing);
    // Not even through an endpoint of its own.
    const own = await webhooks.endpoint(theirs, thief);
    await assert.rejects(replay(at, { endpointId: own.endpointId, deliveryId }), refusal('delivery_missing'));
    assert.deepEqual(await listAttempts(theirs.session, deliveryId), []);
    const { deliveries } = await listDeliveries(theirs.session, { endpointId, limit: 10 });
    assert.deepEqual(deliveries, []);
    assert.deepEqual(
      (await listEndpoints(theirs.session)).map(({ id }) => id),
      [own.endpointId],
    );
  });

  it('a cursor that somebody made up shows nothing more', async () => {
    const [mine, theirs] = people();
    await webhooks.endpoint(mine, receiver);
    await webhooks.emit(mine);
    await webhooks.emit(mine);
    const { next } = await listDeliveries(mine.session, { limit: 1 });
    assert.ok(next !== null);
    const second = await listDeliveries(mine.session, { limit: 1, cursor: next });
    assert.deepEqual([second.deliveries.length, second.next], [1, null]);
    assert.deepEqual((await listDeliveries(theirs.session, { limit: 1, cursor: next })).deliveries, []);
    for (const cursor of ['', 'x', Buffer.from("2026-01-01' or true --").toString('base64url')]) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time, for a clear failure
      await assert.rejects(listDeliveries(mine.session, { limit: 1, cursor }), refusal('cursor_invalid'));
    }
  });

  it('only owners and admins say where a tenant’s data goes', async () => {
    const [mine] = people();
    const { endpointId } = await webhooks.endpoint(mine, receiver);
    const member = await fixture.person({ email: freshEmail() });
    const { token } = await inviteWithoutMail(
      { session: mine.session, clock: fixture.identity.clock, randomBytes: systemRandomBytes },
      { email: member.email, role: 'member', moduleRoles: [], companyIds: null },
    );
    await acceptInvite(fixture.identity, { token, accountId: member.accountId });
    const session = fixture.as(mine.tenantId, member.accountId);
    const at = { ...webhooks.dependencies(mine), session };
    const refused = refusal('permission_refused');
    await assert.rejects(webhooks.endpoint({ ...mine, session }, thief), refused);
    await assert.rejects(changeEndpoint(at, endpointId, { enabled: false }), refused);
    await assert.rejects(rotateSecret(at, endpointId, 1), refused);
    await assert.rejects(removeEndpoint(at, endpointId), refused);
    await assert.rejects(sendTest(session, endpointId), refused);
  });

  it('SQL injected into a request tells of nothing in another tenant or company, and of nothing without a context', async () => {
    const [mine, theirs] = people();
    await webhooks.endpoint(theirs, receiver);
    // Tenant and destination are no arguments: whatever is passed, the event is the seal's tenant's.
    const { rows } = await injected(mine, `select webhooks.emit('a.b.c', null, '{}') as queued`);
    assert.deepEqual(rows, [{ queued: 0 }]);
    const limited = fixture.database.sealer.seal({
      tenant: mine.tenantId,
      company: mine.companyId ?? '',
      actor: { kind: 'account', id: mine.accountId },
    } as never);
    await app.query(`select set_config('bulkhead.context', $1, false)`, [limited]);
    await assert.rejects(app.query(`select webhooks.emit('a.b.c', gen_random_uuid(), '{}')`), {
      code: '42501',
    });
    await app.query(`select set_config('bulkhead.context', '', false)`);
    await assert.rejects(app.query(`select webhooks.emit('a.b.c', null, '{}')`), { code: '42501' });
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, 0);
  });

  const closed = [
    `insert into webhooks.endpoint (url, description) values ('https://thief.example', '')`,
    `update webhooks.endpoint set url = 'https://thief.example'`,
    `update webhooks.endpoint set event_types = null`,
    'delete from webhooks.endpoint',
    'select * from webhooks.endpoint_secret',
    'select * from webhooks.event',
    'insert into webhooks.delivery select * from webhooks.delivery',
    `update webhooks.delivery set state = 'pending'`,
    'select * from webhooks.attempt',
    'select * from webhooks.endpoint_health',
    `select webhooks.write_event('a.b.c', null, '{}')`,
    `select webhooks.hold_pending(gen_random_uuid(), gen_random_uuid(), '', now())`,
    `select * from webhooks.claim_deliveries(now(), now(), 10, false)`,
    `select * from webhooks.open_delivery('', gen_random_uuid(), now())`,
    `select webhooks.record_attempt('', gen_random_uuid(), '{}', now())`,
    `select edge.open_private_target(gen_random_uuid(), '127.0.0.1', '{80}', 'because I want to')`,
    `insert into edge.private_target (tenant_id, range, ports, reason) values (gen_random_uuid(), '127.0.0.1', '{80}', 'because I can')`,
  ];
  for (const text of closed) {
    it(`SQL injected into a request cannot: ${text.slice(0, 70)}`, async () => {
      await assert.rejects(injected(people()[0], text), { code: '42501' });
    });
  }

  it('an address that SQL wrote over opens no secret, and nothing is sent there', async () => {
    const [mine] = people();
    const { endpointId } = await webhooks.endpoint(mine, receiver);
    await webhooks.emit(mine);
    // More than any runtime role may do: the application's privileges widened, the policies still there.
    await superuser.query(`update webhooks.endpoint set url = $2 where id = $1`, [
      endpointId,
      `http://thief.example.com:${thief.port}/`,
    ]);
    await webhooks.deliver();
    assert.deepEqual([receiver.arrivals.length, thief.arrivals.length], [0, 0]);
    const [delivery] = (await listDeliveries(mine.session, { limit: 1 })).deliveries;
    assert.deepEqual([delivery?.state, delivery?.error], ['dead', 'secret_unreadable']);
  });

  it('an endpoint that injected SQL made through the one function there is has no secret that opens', async () => {
    const [mine, theirs] = people();
    const { endpointId } = await webhooks.endpoint(theirs, receiver);
    const stolen = await superuser.query<{ secret_encrypted: Buffer }>(
      'select secret_encrypted from webhooks.endpoint_secret where endpoint_id = $1',
      [endpointId],
    );
    for (const secret of [Buffer.alloc(65, 1), stolen.rows[0]?.secret_encrypted]) {
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await injected(
        mine,
        `select webhooks.create_endpoint(gen_random_uuid(), $1, '', null, gen_random_uuid(), $2, now())`,
        [`http://thief.example.com:${thief.port}/`, secret],
      );
    }
    await webhooks.emit(mine);
    await webhooks.deliver();
    assert.equal(thief.arrivals.length, 0);
    const { deliveries } = await listDeliveries(mine.session, { limit: 10 });
    assert.deepEqual(
      deliveries.map(({ error }) => error),
      ['secret_unreadable', 'secret_unreadable'],
    );
  });

  type Mutant = { deliverWebhooks: typeof deliverWebhooks };
  const mutations: [string, Mutation, () => Promise<void>, () => void][] = [
    [
      'a secret that is not bound to its address lets a rewritten address be served',
      {
        file: 'webhooks/out/signature.ts',
        from: "return ['webhooks.endpoint_secret', tenantId, endpointId, url];",
        to: "return ['webhooks.endpoint_secret', tenantId, endpointId, url.replace(/^.*$/, process.env['OLD_URL'] ?? '')];",
      },
      async () => {
        const [mine] = people();
        const { endpointId } = await webhooks.endpoint(mine, receiver);
        process.env['OLD_URL'] = `http://hooks.example.com:${receiver.port}/hooks`;
        await webhooks.emit(mine);
        await superuser.query('update webhooks.endpoint set url = $2 where id = $1', [
          endpointId,
          `http://thief.example.com:${thief.port}/`,
        ]);
      },
      () => assert.equal(thief.arrivals.length, 1),
    ],
    [
      'a signature that leaves the time out verifies nowhere',
      {
        file: 'webhooks/out/signature.ts',
        from: ['`$', '{id}.$', '{timestamp}.$', '{body}`'].join(''),
        to: ['`$', '{id}.$', '{body}`'].join(''),
      },
      async () => {
        const [mine] = people();
        signing = (await webhooks.endpoint(mine, receiver)).secret;
        await webhooks.emit(mine);
      },
      () => {
        const [arrival] = receiver.arrivals;
        assert.ok(arrival);
        const message = 'No matching signature found';
        assert.throws(() => verify(signing, arrival, fixture.identity.clock), { message });
      },
    ],
    [
      'without the guard an endpoint leads into this machine',
      { file: 'outbound/destination.ts', from: 'if (refused !== undefined)', to: 'if (refused === null)' },
      async () => {
        const [mine] = people();
        await webhooks.endpoint(mine, receiver);
        await webhooks.emit(mine);
      },
      () => assert.equal(receiver.arrivals.length, 1),
    ],
    [
      'a redirect that is followed carries the event elsewhere',
      {
        file: 'webhooks/out/call.ts',
        from: "redirect: 'manual',",
        to: "redirect: 'follow', method: 'GET', body: undefined as never,",
      },
      async () => {
        const [mine] = people();
        await webhooks.endpoint(mine, receiver);
        receiver.answer((response) =>
          response.writeHead(302, { location: `http://thief.example.com:${thief.port}/` }).end(),
        );
        await webhooks.emit(mine);
      },
      () => assert.equal(thief.arrivals.length, 1),
    ],
  ];
  for (const [name, mutation, arrange, arrived] of mutations) {
    it(`mutation: ${name}`, async () => {
      const { signal } = new AbortController();
      const guarded = name.startsWith('without the guard');
      const delivery = {
        ...webhooks.delivery(),
        ...(guarded
          ? { outbound: { ...webhooks.outbound, privateTargets: [], ports: [receiver.port] } }
          : {}),
      };
      await arrange();
      if (guarded) {
        await deliverWebhooks(delivery, signal);
        assert.equal(receiver.arrivals.length, 0);
        fixture.advance(60_000);
      }
      await withMutant<Mutant, void>(mutation, 'webhooks/out/deliver.ts', (mutant) =>
        mutant.deliverWebhooks(delivery, signal),
      );
      receiver.answer((response) => response.end());
      arrived();
    });
  }

  it('mutation: an emit that takes the tenant from its caller writes for another', async () => {
    const [mine, theirs] = people();
    await webhooks.endpoint(theirs, receiver);
    const { rows } = await superuser.query<{ source: string }>(
      `select pg_get_functiondef('webhooks.emit(text, uuid, json)'::regprocedure) as source`,
    );
    const source = rows[0]?.source ?? '';
    await superuser.query('begin');
    try {
      const mutant = source
        .replace(
          'tenant constant uuid := bulkhead.tenant_id();',
          `tenant constant uuid := (data ->> 'tenant')::uuid;`,
        )
        .replace('webhooks.write_event(event_type, company, data)', 'gen_random_uuid()');
      assert.notEqual(mutant, source);
      await superuser.query(mutant);
      await superuser.query('alter table webhooks.endpoint no force row level security');
      await superuser.query('alter table webhooks.delivery drop constraint delivery_event_fkey');
      const seal = fixture.database.sealer.seal({
        tenant: mine.tenantId,
        actor: { kind: 'account', id: mine.accountId },
      });
      await superuser.query(`select set_config('bulkhead.context', $1, true)`, [seal]);
      const queued = await superuser.query(
        `select webhooks.emit('a.b.c', null, json_build_object('tenant', $1::text)) as queued`,
        [theirs.tenantId],
      );
      assert.deepEqual(queued.rows, [{ queued: 1 }]);
    } finally {
      await superuser.query('rollback');
    }
  });
});
