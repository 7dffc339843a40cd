import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, type Fixture, type Person } from '../../../test/fixture.ts';
import { openMail, type MailFixture } from '../../../test/mail.ts';
import {
  openReceiver,
  openWebhooks,
  status,
  type Receiver,
  type WebhookFixture,
} from '../../../test/webhooks.ts';
import { deliverWebhooks, listEndpoints, retryWaits, tellOfDisabledEndpoint, type Lane } from './index.ts';

type Claimed = { tenant_id: string };

describe('one endpoint and the others (EDG-6)', () => {
  let fixture: Fixture;
  let mail: MailFixture;
  let receiver: Receiver;
  let hanging: Receiver;
  let webhooks: WebhookFixture;
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    mail = openMail(fixture);
    [receiver, hanging] = [await openReceiver(), await openReceiver()];
    webhooks = openWebhooks(fixture, [receiver, hanging]);
    superuser = await fixture.connect('superuser');
  });
  beforeEach(async () => {
    await superuser.query('truncate webhooks.event, webhooks.delivery, webhooks.attempt, mail.message');
    for (const each of [receiver, hanging]) {
      each.arrivals.length = 0;
      each.answer(status(200));
    }
  });
  after(async () => {
    await Promise.all([receiver.close(), hanging.close(), webhooks.close(), mail.close()]);
    await fixture.close();
  });

  const emit = async (person: Person, times: number): Promise<void> => {
    for (let index = 0; index < times; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      await webhooks.emit(person);
    }
  };
  const claim = async (most: number, lane: Lane = 'prompt'): Promise<string[]> => {
    const now = fixture.identity.clock();
    const { rows } = await webhooks.worker.query<Claimed>(
      'select * from webhooks.claim_deliveries($1, $2, $3, $4)',
      [new Date(now), new Date(now + 60_000), most, lane === 'slow'],
    );
    return rows.map(({ tenant_id: tenant }) => tenant);
  };

  it('an endpoint that hangs keeps nobody else waiting, and two of its messages at most are under way', async () => {
    const [slow, prompt] = [await fixture.person(), await fixture.person()];
    await webhooks.endpoint(slow, hanging);
    await webhooks.endpoint(prompt, receiver);
    const open: ServerResponse[] = [];
    const twoHang = Promise.withResolvers<void>();
    hanging.answer((response) => {
      open.push(response);
      if (open.length === 2) twoHang.resolve();
    });
    await emit(slow, 5);
    const { signal } = new AbortController();
    const delivering = deliverWebhooks(webhooks.delivery(), signal);
    await twoHang.promise;
    // While they hang, ten events of somebody else's happen, and arrive.
    const arrived = Promise.withResolvers<void>();
    receiver.answer((response) => {
      status(200)(response);
      if (receiver.arrivals.length === 10) arrived.resolve();
    });
    await emit(prompt, 10);
    await arrived.promise;
    assert.equal(open.length, 2);
    hanging.answer(status(200));
    for (const response of open) status(200)(response);
    await delivering;
    assert.equal(hanging.arrivals.length, 5);
  });

  it('a slow endpoint waits among its like from then on, until it is prompt again', async () => {
    const person = await fixture.person();
    await webhooks.endpoint(person, receiver);
    receiver.answer((response) => {
      fixture.advance(2500);
      status(200)(response);
    });
    await emit(person, 1);
    await webhooks.deliver();
    assert.equal((await listEndpoints(person.session))[0]?.slow, true);
    receiver.answer(status(200));
    await emit(person, 2);
    const { signal } = new AbortController();
    await deliverWebhooks(webhooks.delivery('prompt'), signal);
    assert.equal(receiver.arrivals.length, 1);
    await deliverWebhooks({ ...webhooks.delivery('slow'), slots: 1 }, signal);
    assert.equal((await listEndpoints(person.session))[0]?.slow, false);
  });

  it('a tenant with thousands of messages takes turns with one that has a few', async () => {
    const [loud, quiet] = [await fixture.person(), await fixture.person()];
    for (let index = 0; index < 12; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await webhooks.endpoint(loud, receiver);
    }
    await webhooks.endpoint(quiet, receiver);
    await emit(loud, 50);
    await emit(quiet, 2);
    const first = await claim(4);
    assert.deepEqual([first.length, first.filter((tenant) => tenant === quiet.tenantId).length], [4, 2]);
    // Eight at once for a tenant, on however many servers.
    const rest = await Promise.all([claim(24), claim(24), claim(24)]);
    const loudOnes = [...first, ...rest.flat()].filter((tenant) => tenant === loud.tenantId);
    assert.equal(loudOnes.length, 8);
  });

  it('owners and admins are told by mail, once, of an endpoint that was switched off by itself', async () => {
    const person = await fixture.person();
    await webhooks.endpoint(person, receiver);
    receiver.answer(status(500));
    await emit(person, 1);
    for (const wait of [0, ...retryWaits]) {
      fixture.advance(wait);
      // oxlint-disable-next-line no-await-in-loop -- one wait after the other
      await webhooks.deliver();
    }
    const parts = { pool: webhooks.worker, sealer: fixture.identity.sealer, mailer: mail.links.mailer };
    await Promise.all(Array.from({ length: 3 }, () => tellOfDisabledEndpoint(parts)));
    assert.equal(await tellOfDisabledEndpoint(parts), undefined);
    const letters = await mail.mailTo(person.email);
    assert.deepEqual(
      letters.map(({ kind, subject }) => [kind, subject]),
      [['webhook_disabled', 'A webhook endpoint was switched off']],
    );
    assert.match(letters[0]?.text ?? '', /three days[\s\S]*https:\/\/app\.example\.com\/webhooks/);
    // The mutation: a notice that stays due is sent again and again.
    await superuser.query('update webhooks.endpoint_health set notice_due = true where tenant_id = $1', [
      person.tenantId,
    ]);
    await tellOfDisabledEndpoint(parts);
    assert.equal((await mail.mailTo(person.email)).length, 2);
    const { rows } = await person.session.query<{ actor_kind: string; after: { disabled_reason: string } }>(
      `select actor_kind, after from bulkhead.audit_log where target_type = 'webhooks.endpoint' and action = 'update'`,
    );
    assert.deepEqual(
      rows.map(({ actor_kind: kind, after: { disabled_reason: reason } }) => [kind, reason]),
      [['service', 'failing']],
    );
  });
});
