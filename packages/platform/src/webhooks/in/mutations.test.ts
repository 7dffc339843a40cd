import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type pg from 'pg';
import Stripe from 'stripe';
import type * as inbound from './index.ts';
import type * as card from '../../card/index.ts';
import { openFixture, type Fixture, type Person } from '../../../test/fixture.ts';
import { withMutant, type Mutation } from '../../../test/mutant.ts';
import { openReceiving, signed, type Receiving } from '../../../test/receiving.ts';
import { findCardNumber } from '../../card/index.ts';
import { processEvents, verifyRequest, type WebhookSource } from './index.ts';

const now = Date.parse('2030-01-15T10:00:00Z');
const secret = 'whsec_4fT9xQ2mVb7Lk1Rz';
const body = '{"id":"evt_1","type":"invoice.paid"}';
const source: WebhookSource = {
  id: 'a',
  tenantId: 'b',
  name: 'Sender',
  scheme: 'stripe',
  secrets: [{ key: Buffer.from(secret), expiresAt: null }],
};

const header = (at: number, text = body): string =>
  new Stripe('sk_test_1').webhooks.generateTestHeaderString({ payload: text, secret, timestamp: at / 1000 });
/** Whether a request with this header and body is taken. */
const takes =
  (value: string, sent = body, by = source) =>
  (verify: typeof inbound.verifyRequest): boolean =>
    'event' in verify(by, { header: () => value, body: Buffer.from(sent) }, now);

const verifying = 'webhooks/in/verify.ts';
const mutations: [string, Mutation, (verify: typeof inbound.verifyRequest) => boolean][] = [
  [
    'the window into the past: a captured webhook is replayed (T-50)',
    { file: verifying, from: 'Math.abs(now - timestamp * 1000)', to: '(timestamp * 1000 - now)' },
    takes(header(now - 86_400_000)),
  ],
  [
    'the window into the future: a signature is kept for a year (T-50)',
    { file: verifying, from: 'Math.abs(now - timestamp * 1000)', to: '(now - timestamp * 1000)' },
    takes(header(now + 86_400_000)),
  ],
  [
    'the comparison of the whole: a cut signature passes (T-51)',
    {
      file: verifying,
      from: 'candidate.length === expected.length && timingSafeEqual(candidate, expected)',
      to: 'timingSafeEqual(candidate, expected.subarray(0, candidate.length))',
    },
    takes(header(now).slice(0, -60)),
  ],
  [
    'the comparison itself: anything passes',
    { file: verifying, from: 'found |= inForce & (equal ? 1 : 0)', to: 'found |= inForce' },
    takes(`t=${now / 1000},v1=${'0'.repeat(64)}`),
  ],
  [
    'the exact spelling: a second one of the same bytes passes',
    { file: verifying, from: "Buffer.from(text, 'utf8'))", to: "Buffer.from(text.toLowerCase(), 'utf8'))" },
    takes(header(now).replace(/v1=.*/, (mac) => `v1=${mac.slice(3).toUpperCase()}`)),
  ],
  [
    'the raw bytes: what was signed and what is read differ',
    {
      file: verifying,
      from: '.update(signature.before).update(body)',
      to: '.update(signature.before).update(JSON.stringify(JSON.parse(Buffer.from(body).toString())))',
    },
    takes(header(now), '{"id":"evt_2","type":"invoice.paid","id":"evt_1"}'),
  ],
  [
    'the end of a replaced secret',
    { file: verifying, from: 'expiresAt === null || now < expiresAt ? 1 : 0', to: 'now > 0 ? 1 : 0' },
    takes(header(now), body, { ...source, secrets: [{ key: Buffer.from(secret), expiresAt: now }] }),
  ],
];

describe('each control of receiving webhooks is what stops its attack', () => {
  for (const [name, mutation, attack] of mutations) {
    it(name, async () => {
      assert.equal(attack(verifyRequest), false, 'the control holds');
      await withMutant<typeof inbound, void>(mutation, 'webhooks/in/index.ts', async (mutant) => {
        assert.equal(attack(mutant.verifyRequest), true, 'without it the attack comes through');
      });
    });
  }

  it('the check digit and the issuers: without them every long number is refused, with them no card passes (EDG-9)', async () => {
    const [paid, order] = ['{"note":"4242 4242 4242 4242"}', '{"order":"1000000000000000"}'];
    const refused = (find: typeof findCardNumber, text: string): boolean =>
      find(JSON.parse(text), text) !== undefined;
    assert.deepEqual([refused(findCardNumber, paid), refused(findCardNumber, order)], [true, false]);
    const luhn: Mutation = {
      file: 'card/cardNumber.ts',
      from: 'return sum % 10 === 0;',
      to: 'return false;',
    };
    await withMutant<typeof card, void>(luhn, 'card/index.ts', async (mutant) => {
      assert.equal(refused(mutant.findCardNumber, paid), false);
    });
  });
});

describe('each control of stored webhooks is what stops its attack', () => {
  let fixture: Fixture;
  let receiving: Receiving;
  let owner: Person;
  let sender: { id: string; secret: string };
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    receiving = openReceiving(fixture);
    superuser = await fixture.connect('superuser');
  });
  beforeEach(async () => {
    await superuser.query('truncate webhooks.received_event');
    owner = await fixture.person();
    sender = await receiving.source(owner);
  });
  after(async () => {
    await receiving.close();
    await fixture.close();
  });

  const text = '{"type":"order.paid","card":"4242424242424242"}';
  const plain = '{"type":"order.paid"}';
  let effects = 0;
  const run = () =>
    processEvents(
      receiving.processing({
        of: {
          'order.paid': [
            async () => {
              effects += 1;
            },
          ],
        },
      }),
    );
  const headers = (sent: string, id = 'msg_1') =>
    signed(sender.secret, { id, at: fixture.identity.clock(), body: sent });
  /** How often an event sent three times takes effect. */
  const timesProcessed = async (): Promise<number> => {
    effects = 0;
    for (let count = 0; count < 3; count += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await receiving.send(sender.id, headers(plain), plain);
      // oxlint-disable-next-line no-await-in-loop
      await run();
    }
    return effects;
  };

  it('the unique event id: a webhook is replayed within the window', async () => {
    assert.equal(await timesProcessed(), 1);
    await superuser.query('truncate webhooks.received_event');
    await superuser.query(
      'alter table webhooks.received_event drop constraint received_event_once; alter table webhooks.received_event add constraint received_event_once unique (id)',
    );
    try {
      assert.equal(await timesProcessed(), 3);
    } finally {
      await superuser.query(
        'truncate webhooks.received_event; alter table webhooks.received_event drop constraint received_event_once; ' +
          'alter table webhooks.received_event add constraint received_event_once unique nulls not distinct (tenant_id, source_id, event_id)',
      );
    }
    assert.equal(await timesProcessed(), 1);
  });

  it('the claim: two servers that hold the same event both change something', async () => {
    const twice = async (): Promise<number> => {
      effects = 0;
      await superuser.query('truncate webhooks.received_event');
      await receiving.send(sender.id, headers(plain), plain);
      const normal = receiving.processing({ of: { 'order.paid': [async () => void (effects += 1)] } });
      const inner = normal.tenants.transaction;
      // While this server is about to begin, its lease runs out and another takes the event over.
      let first = true;
      const slow = {
        ...normal,
        tenants: {
          transaction: async (of: Parameters<typeof inner>[0], work: Parameters<typeof inner>[1]) => {
            if (first) {
              first = false;
              fixture.advance(120_000);
              await processEvents(normal);
            }
            await inner(of, work);
          },
        },
      };
      await processEvents(slow);
      return effects;
    };
    assert.equal(await twice(), 1);
    const owning = await fixture.connect('owner');
    const { rows } = await owning.query<{ definition: string }>(
      `select pg_get_functiondef('webhooks.settle_event(uuid, uuid, text, timestamptz)'::regprocedure) as definition`,
    );
    const sound = rows[0]?.definition ?? '';
    const check = `r.claim = settle_event.claim and r.state = 'waiting' and`;
    assert.ok(sound.includes(check));
    await owning.query(sound.replace(check, ''));
    await superuser.query('alter table webhooks.received_event disable trigger keep_processed');
    try {
      assert.equal(await twice(), 2);
    } finally {
      await owning.query(sound);
      await superuser.query('alter table webhooks.received_event enable trigger keep_processed');
    }
    assert.equal(await twice(), 1);
  });

  it('the seal of an event’s source: SQL injected into the server takes an event’s place, and it never happens', async () => {
    const suppressed = async (): Promise<boolean> => {
      await superuser.query('truncate webhooks.received_event');
      const { clock, pool, sealer } = fixture.identity;
      const own = sealer.seal({ tenant: owner.tenantId, actor: { kind: 'account', id: owner.accountId } });
      const of = { tenant: owner.tenantId, source: sender.id };
      const forged = { ...of, place: 1, id: crypto.randomUUID(), eventId: 'msg_1', eventType: 'order.paid' };
      for (const senders of [[], [of], [{ ...of, context: own }]]) {
        // oxlint-disable-next-line no-await-in-loop
        await pool
          .query('select webhooks.receive_events($1, $2, $3, $4)', [
            JSON.stringify(senders),
            JSON.stringify([forged]),
            [Buffer.alloc(40)],
            new Date(clock()),
          ])
          .catch((error: pg.DatabaseError) =>
            assert.deepEqual([error.code, error.constraint], ['42501', 'event_sender']),
          );
      }
      return (await timesProcessed()) === 0;
    };
    assert.equal(await suppressed(), false);
    const owning = await fixture.connect('owner');
    const { rows } = await owning.query<{ definition: string }>(
      `select pg_get_functiondef('webhooks.receive_events(jsonb, jsonb, bytea[], timestamptz)'::regprocedure) as definition`,
    );
    const sound = rows[0]?.definition ?? '';
    const check = `is distinct from (coalesce(sender.tenant, nobody), 'service', sender.source::text)`;
    assert.ok(sound.includes(check));
    await owning.query(sound.replace(check, 'is null'));
    try {
      assert.equal(await suppressed(), true);
    } finally {
      await owning.query(sound);
    }
    assert.equal(await suppressed(), false);
    await superuser.query('truncate webhooks.received_event');
  });

  it('the refusal of card data: it is stored (EDG-9)', async () => {
    const send = (receiver: inbound.WebhookReceiver) =>
      receiver.receive(sender.id, { header: (name) => headers(text)[name], body: Buffer.from(text) });
    assert.equal((await send(receiving.receiver)).status, 422);
    const { cipher, clock, pool, sealer, randomBytes } = fixture.identity;
    const mutation: Mutation = {
      file: 'webhooks/in/receiver.ts',
      from: 'findCardNumber(event.payload, request.body) !== undefined',
      to: 'findCardNumber({}, request.body) !== undefined',
    };
    await withMutant<typeof inbound, void>(mutation, 'webhooks/in/index.ts', async (mutant) => {
      const receiver = new mutant.WebhookReceiver({
        sources: new mutant.SourceDirectory({ pool, sealer, cipher, clock }),
        store: new mutant.EventStore({ pool, sealer, clock }),
        refusals: new mutant.RefusalCounts(),
        cipher,
        clock,
        randomBytes,
      });
      assert.equal((await send(receiver)).status, 200);
    });
    const { rows } = await superuser.query('select event_id from webhooks.received_event');
    assert.deepEqual(rows, [{ event_id: 'msg_1' }]);
  });
});
