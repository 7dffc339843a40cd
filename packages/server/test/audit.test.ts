import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { StreamSlots } from '../src/audit/streams.ts';
import { asRole, join, openServer, send, signUp, type Fixture, type Person } from './fixture.ts';

let fixture: Fixture;
let owner: Person;
let stranger: Person;
let member: Person;

before(async () => {
  fixture = await openServer();
  [owner, stranger, member] = [
    await signUp(fixture.url),
    await signUp(fixture.url),
    await signUp(fixture.url),
  ];
  await join(fixture, { host: owner, person: member, role: 'member' });
});
after(() => fixture.close());

const as = ({ cookie }: Person) => ({ cookie, tenant: owner.tenant });
const addCompany = (person: Person, name: string) =>
  send(fixture.url, '/api/companies', { cookie: person.cookie, tenant: person.tenant, json: { name } });

type Batch = { id: string; entries: { after: { name?: string } | null }[]; cursor: string };

/** Reads server-sent events of the tail, one at a time. */
async function follow(person: Person, query: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const response = await fetch(`${fixture.url}/api/audit/tail?${query}`, {
    headers: { cookie: person.cookie, 'bulkhead-tenant': person.tenant, ...headers },
    signal: leaving.signal,
  });
  const body = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Batch | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const data = /^data: (.*)$/m.exec(block)?.[1];
        const event = /^event: (.*)$/m.exec(block)?.[1];
        if (data === undefined || event !== 'message') continue;
        return { ...(JSON.parse(data) as Batch), id: /^id: (.*)$/m.exec(block)?.[1] ?? '' };
      }
      // oxlint-disable-next-line no-await-in-loop -- one piece after another
      const read = await body?.read();
      if (read === undefined || read.done) return undefined;
      text += read.value;
    }
  };
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    next,
    leave: () => leaving.abort(),
  };
}

describe('live tail (AUD-5)', () => {
  test('ends for whoever signs out while it is open (AUT-11)', async () => {
    const leaver = await signUp(fixture.url);
    const gone = await follow(leaver, 'seconds=30');
    assert.deepEqual((await gone.next())?.entries, []);
    await send(fixture.url, '/api/session', { method: 'DELETE', cookie: leaver.cookie });
    await asRole(fixture.database, 'superuser', (client) =>
      client.query(
        `insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type)
         values ($1, 'service', 'after.leaving', 'x')`,
        [leaver.tenant],
      ),
    );
    assert.equal(await gone.next(), undefined);
  });

  test('tells the tenant its own entries as they come, and ends by itself', async () => {
    const tail = await follow(owner, 'seconds=2&action=insert');
    assert.equal(tail.type?.split(';')[0], 'text/event-stream');
    const first = await tail.next();
    assert.deepEqual(first?.entries, []);
    assert.equal(first?.id, first?.cursor);
    await addCompany(stranger, 'Foreign');
    await addCompany(owner, 'Followed');
    assert.deepEqual(
      (await tail.next())?.entries.map(({ after: row }) => row?.name),
      ['Followed'],
    );
    assert.equal(await tail.next(), undefined);
  });

  test('resumes by Last-Event-ID; another tenant’s id is refused (T-43, T-72)', async () => {
    const tail = await follow(owner, 'seconds=30');
    const { id = '' } = (await tail.next()) ?? {};
    tail.leave();
    await addCompany(owner, 'Meanwhile');
    const again = await follow(owner, 'seconds=1', { 'last-event-id': id });
    await again.next();
    assert.deepEqual(
      (await again.next())?.entries.map(({ after: row }) => row?.name),
      ['Meanwhile'],
    );
    const foreign = await follow(stranger, 'seconds=1', { 'last-event-id': id });
    assert.equal(await foreign.next(), undefined, 'no event but the error');
  });

  test('is for those who may read the log', async () => {
    const answer = await send(fixture.url, '/api/audit/tail?seconds=1', as(member));
    assert.equal(answer.status, 403);
    assert.equal(answer.json['code'], 'permission_refused');
  });

  test('an account holds three, and leaving frees them', async () => {
    const slots = new StreamSlots({ perAccount: 2, inAll: 3 });
    const forever = async function* events() {
      for (;;) yield await Promise.resolve(1);
    };
    const open = async (account: string) => {
      const stream = slots.hold(account, forever);
      await stream.next();
      return stream;
    };
    const [first] = [await open('ann'), await open('ann')];
    await assert.rejects(open('ann'), { code: 'stream_limit' });
    await open('bob');
    await assert.rejects(open('eve'), { code: 'stream_limit' }, 'together they are three');
    await first.return();
    assert.equal(slots.open, 2);
    await open('eve');
  });
});

describe('export (AUD-5)', () => {
  const download = (person: Person, json: Record<string, unknown>) =>
    send(fixture.url, '/api/audit/export', { ...as(person), json });

  test('CSV and JSON Lines as files of their own tenant, never cached', async () => {
    await addCompany(owner, '=HYPERLINK("https://evil.example")');
    const answer = await download(owner, { format: 'csv', targetType: 'tenants.company' });
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/);
    assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="audit.csv"');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.match(answer.headers.get('content-security-policy') ?? '', /^sandbox; /);
    const rows = parse<{ after: string }>(answer.text, { columns: true, record_delimiter: '\r\n' });
    const names = rows.map(({ after: row }) => (JSON.parse(row) as { name: string }).name);
    assert.ok(names.includes('Followed') && !names.includes('Foreign'), names.join());
    const lines = await download(owner, { format: 'jsonl' });
    assert.match(lines.headers.get('content-type') ?? '', /^application\/jsonl/);
    assert.ok(
      lines.text
        .trimEnd()
        .split('\n')
        .every((line) => JSON.parse(line) !== null),
    );
  });

  test('asks for a fresh proof, and for its own permission; the refusal is in the log (AUD-1)', async () => {
    const refused = await download(member, { format: 'csv' });
    assert.equal(refused.status, 403);
    assert.equal(refused.json['code'], 'permission_refused');
    const { json } = await send(fixture.url, '/api/audit/entries?action=permission.refuse', as(owner));
    const [entry] = json['entries'] as { actor: { id: string }; detail: object; requestId: string }[];
    assert.equal(entry?.actor.id, member.account);
    assert.deepEqual(entry.detail, { permission: 'audit:entry.export', procedure: 'audit.export' });
    assert.equal(entry.requestId, refused.headers.get('x-request-id'));
    await asRole(fixture.database, 'superuser', (client) =>
      client.query(
        `update identity.session set auth_time = now() - interval '1 hour' where account_id = $1`,
        [owner.account],
      ),
    );
    const stale = await download(owner, { format: 'csv' });
    assert.equal(stale.json['code'], 'step_up_required');
    await asRole(fixture.database, 'superuser', (client) =>
      client.query('update identity.session set auth_time = now() where account_id = $1', [owner.account]),
    );
  });

  test('a client that goes away ends the reading, which the log says', async () => {
    await asRole(fixture.database, 'superuser', (client) =>
      client.query(
        `insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, detail)
         select $1, 'job', 'fill.up', 'x', json_build_object('text', repeat('x', 2000)) from generate_series(1, 20000)`,
        [owner.tenant],
      ),
    );
    const leaving = new AbortController();
    const response = await fetch(`${fixture.url}/api/audit/export`, {
      method: 'POST',
      body: JSON.stringify({ format: 'jsonl', action: 'fill.up' }),
      headers: {
        cookie: owner.cookie,
        'bulkhead-tenant': owner.tenant,
        'content-type': 'application/json',
        origin: fixture.url,
        'sec-fetch-site': 'same-origin',
      },
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    const ended = await asRole(fixture.database, 'superuser', async (client) => {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- until it is there
        const { rows } = await client.query<{ detail: { entries: number; complete: boolean } }>(
          `select detail from bulkhead.audit_entry where action = 'audit.export_end' and tenant_id = $1
             and detail ->> 'format' = 'jsonl' and detail -> 'filter' ->> 'action' = 'fill.up'`,
          [owner.tenant],
        );
        if (rows[0] !== undefined) return rows[0].detail;
      }
    });
    assert.equal(ended.complete, false);
    assert.ok(ended.entries < 20_000, `${ended.entries} entries were read`);
  });
});

test('searches are kept, each account its own (AUD-5)', async () => {
  const saved = await send(fixture.url, '/api/audit/views', {
    ...as(owner),
    method: 'PUT',
    json: { name: 'New companies', filter: { type: 'tenants.company', action: 'insert' } },
  });
  assert.equal(saved.status, 200, saved.text);
  const { json } = await send(fixture.url, '/api/audit/views', as(owner));
  assert.deepEqual(json['views'], [saved.json]);
  const removed = await send(fixture.url, `/api/audit/views/${String(saved.json['id'])}`, {
    ...as(owner),
    method: 'DELETE',
  });
  assert.equal(removed.status, 200);
  const again = await send(fixture.url, `/api/audit/views/${String(saved.json['id'])}`, {
    ...as(owner),
    method: 'DELETE',
  });
  assert.equal(again.json['code'], 'view_missing');
});
