import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, type Fixture } from '../../test/fixture.ts';
import { openMail, type MailFixture } from '../../test/mail.ts';
import { mailPassword, openMailServer, type MailServer } from '../../test/mailServer.ts';
import {
  createSmtpTransport,
  deliverMail,
  holdMail,
  maximumAttempts,
  purgeMail,
  readMailQueue,
  waitAfter,
  type MailTransport,
} from './index.ts';

const from = 'no-reply@bulkhead.example';
const day = 24 * 3_600_000;

describe('mail', () => {
  let fixture: Fixture;
  let mail: MailFixture;
  let server: MailServer;
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    mail = openMail(fixture);
    server = await openMailServer();
    superuser = await fixture.connect('superuser');
  });
  beforeEach(async () => {
    await superuser.query('truncate mail.message');
    server.received.length = 0;
  });
  after(async () => {
    await server.close();
    await mail.close();
    await fixture.close();
  });

  const transportTo = (port: number, more: object = {}): MailTransport =>
    createSmtpTransport({
      host: 'localhost',
      port,
      tls: 'starttls',
      tlsCa: server.certificate,
      from,
      fromName: 'Bulkhead',
      timeout: 2000,
      ...more,
    });
  const post = (to: string, subject = 'Greetings', paragraphs = ['Hello there.']): Promise<void> =>
    mail.links.mailer.post(mail.links.pool, { kind: 'greeting', letter: { to, subject, paragraphs } });
  const deliver = (transport: MailTransport): Promise<'again' | undefined> =>
    deliverMail({
      pool: mail.worker,
      cipher: fixture.identity.cipher,
      clock: fixture.identity.clock,
      transport,
      random: () => 0,
    });
  const rows = async (): Promise<Record<string, unknown>[]> =>
    (
      await superuser.query<Record<string, unknown>>(
        'select state, attempts, error, content is null as wiped from mail.message order by created_at, id',
      )
    ).rows;

  it('is delivered over TLS to its one recipient, and then wiped', async () => {
    await post('robin@example.org', 'Grüße', ['<b>Tom & Jerry</b>']);
    assert.equal(await deliver(transportTo(server.port)), 'again');
    assert.equal(await deliver(transportTo(server.port)), undefined);
    const [message] = server.received;
    assert.deepEqual(
      [server.received.length, message?.from, message?.to, message?.secure],
      [1, from, ['robin@example.org'], true],
    );
    const raw = message?.raw ?? '';
    assert.match(raw, /^From: Bulkhead <no-reply@bulkhead\.example>\r$/m);
    assert.match(raw, /^To: robin@example\.org\r$/m);
    assert.match(raw, /^Message-ID: <[0-9a-f-]{36}@bulkhead\.example>\r$/m);
    assert.match(raw, /^Auto-Submitted: auto-generated\r$/m);
    assert.match(raw, /&lt;b&gt;Tom &amp; Jerry&lt;\/b&gt;/);
    assert.deepEqual(await rows(), [{ state: 'delivered', attempts: 1, error: null, wiped: true }]);
  });

  it('signs in at the mail server when told to', async () => {
    await post('robin@example.org');
    await deliver(transportTo(server.port, { user: 'bulkhead', password: mailPassword }));
    assert.equal(server.received[0]?.user, 'bulkhead');
    await post('robin@example.org');
    await deliver(transportTo(server.port, { user: 'bulkhead', password: 'wrong' }));
    assert.equal(server.received.length, 1);
    assert.equal((await readMailQueue(mail.worker, fixture.identity.clock)).lastError, '535');
  });

  it('never goes out without TLS, nor to a server with another’s certificate', async () => {
    const bare = await openMailServer({ tls: false });
    try {
      await post('robin@example.org');
      await deliver(transportTo(bare.port));
      fixture.advance(60_000);
      await deliver(transportTo(server.port, { tlsCa: bare.certificate }));
      assert.deepEqual([bare.received.length, server.received.length], [0, 0]);
      fixture.advance(60_000);
      // The mutation: with TLS off, the same server takes it in the clear.
      await deliver(transportTo(bare.port, { tls: 'off' }));
      assert.deepEqual([bare.received.length, bare.received[0]?.secure], [1, false]);
    } finally {
      await bare.close();
    }
  });

  it('waits while the mail server is down, tells its age, and goes out when it is back', async () => {
    const closed = await openMailServer();
    await closed.close();
    await post('robin@example.org');
    await post('sam@example.org');
    assert.equal(await deliver(transportTo(closed.port)), undefined);
    fixture.advance(5000);
    assert.deepEqual(await readMailQueue(mail.worker, fixture.identity.clock), {
      waiting: 2,
      oldestSeconds: 5,
      dead: 0,
      lastError: 'ESOCKET',
    });
    await deliver(transportTo(server.port));
    assert.equal(server.received.length, 2);
    assert.deepEqual(await readMailQueue(mail.worker, fixture.identity.clock), {
      waiting: 0,
      oldestSeconds: 0,
      dead: 0,
      lastError: null,
    });
  });

  it('is tried again after a temporary refusal, and given up at once after a final one', async () => {
    await post('robin@example.org');
    server.refuseNext(451);
    await deliver(transportTo(server.port));
    assert.deepEqual(await rows(), [{ state: 'queued', attempts: 1, error: '451', wiped: false }]);
    server.refuseNext(550);
    fixture.advance(5000);
    await deliver(transportTo(server.port));
    assert.deepEqual(await rows(), [{ state: 'dead', attempts: 2, error: '550', wiped: true }]);
    assert.equal((await readMailQueue(mail.worker, fixture.identity.clock)).dead, 1);
  });

  it('is given up after fifteen tries, and when what it says has expired', async () => {
    const closed = await openMailServer();
    await closed.close();
    const transport = transportTo(closed.port);
    await post('robin@example.org');
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await deliver(transport);
      fixture.advance(3_600_000);
    }
    const [given] = await rows();
    assert.deepEqual([given?.['state'], given?.['attempts']], ['dead', maximumAttempts]);
    const expiresAt = new Date(fixture.identity.clock() + 1000);
    const letter = { to: 'robin@example.org', subject: 'Soon over', paragraphs: [] };
    await mail.links.mailer.post(mail.links.pool, { kind: 'greeting', letter, expiresAt });
    fixture.advance(1000);
    await deliver(transportTo(server.port));
    assert.equal(server.received.length, 0);
    assert.equal((await rows()).at(-1)?.['error'], 'expired');
  });

  it('is taken by one of several servers, and by another after two minutes when that one died', async () => {
    await post('robin@example.org');
    const transport = transportTo(server.port);
    await Promise.all(Array.from({ length: 4 }, () => deliver(transport)));
    assert.equal(server.received.length, 1);
    await post('sam@example.org');
    const dying = { send: () => new Promise<void>(() => {}), close: () => {} };
    void deliver(dying);
    while ((await rows()).at(-1)?.['attempts'] === 0);
    await deliver(transport);
    assert.equal(server.received.length, 1);
    fixture.advance(120_000);
    await deliver(transport);
    assert.deepEqual(server.received.at(-1)?.to, ['sam@example.org']);
  });

  it('that SQL injected into the server queued is never sent', async () => {
    const app = await fixture.connect('app');
    await post('robin@example.org');
    const stolen = await superuser.query<{ content: Buffer }>('select content from mail.message');
    const queue = (content: unknown): Promise<unknown> =>
      app.query(`select mail.post(gen_random_uuid(), 'greeting', $1, $2, $3)`, [
        content,
        new Date(fixture.identity.clock()),
        new Date(fixture.identity.clock() + day),
      ]);
    await queue(Buffer.from(JSON.stringify({ to: 'x@example.org', subject: 'x', text: 'x', html: 'x' })));
    await queue(stolen.rows[0]?.content);
    await deliver(transportTo(server.port));
    assert.deepEqual(
      server.received.map(({ to }) => to),
      [['robin@example.org']],
    );
    const errors = (await rows()).map(({ state, error }) => `${String(state)} ${String(error)}`).toSorted();
    assert.deepEqual(errors, ['dead unsendable', 'dead unsendable', 'delivered null']);
  });

  it('once delivered or dead stays so, for every role', async () => {
    await post('robin@example.org');
    await deliver(transportTo(server.port));
    await assert.rejects(
      mail.worker.query(`update mail.message set state = 'queued', content = 'x', finished_at = null`),
      { constraint: 'message_finished_is_final' },
    );
    // The mutation.
    await superuser.query('alter table mail.message disable trigger keep_message_finished');
    await mail.worker.query(`update mail.message set state = 'queued', content = 'x', finished_at = null`);
    await superuser.query('alter table mail.message enable trigger keep_message_finished');
  });

  it('in the demo is held and can be read; old mail is cleared away, and what waits is not', async () => {
    await post('robin@example.org');
    await holdMail({ pool: mail.worker, clock: fixture.identity.clock });
    assert.deepEqual(await rows(), [{ state: 'held', attempts: 0, error: null, wiped: false }]);
    assert.equal((await mail.mailTo('robin@example.org'))[0]?.subject, 'Greetings');
    fixture.advance(31 * day);
    await post('sam@example.org');
    await purgeMail({ pool: mail.worker, clock: fixture.identity.clock });
    assert.deepEqual(await rows(), [{ state: 'queued', attempts: 0, error: null, wiped: false }]);
  });

  it('refuses headers and recipients that somebody would smuggle in', async () => {
    for (const to of [
      'a@example.org, b@example.org',
      'a@example.org\r\nBcc: b@example.org',
      '"a b"@example.org',
      'Robin <a@example.org>',
      'a@example.org ',
    ]) {
      await assert.rejects(post(to), { code: 'email_invalid' }, to);
    }
    for (const subject of ['x\r\nBcc: b@example.org', 'x\ny', 'x\u2028y', 'x\0', '', 'x'.repeat(201)]) {
      await assert.rejects(post('a@example.org', subject), { code: 'input_invalid' }, subject);
    }
    assert.deepEqual(await rows(), []);
  });
});

it('waits double from 10 seconds to an hour, half of it chance', () => {
  const longest = [1, 2, 3, 9, 10, 15].map((attempt) => waitAfter(attempt, () => 1));
  assert.deepEqual(longest, [10_000, 20_000, 40_000, 2_560_000, 3_600_000, 3_600_000]);
  assert.equal(
    waitAfter(1, () => 0),
    5000,
  );
});
