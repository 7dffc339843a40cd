import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { z } from 'zod';
import { addDraft, openTestBooks, type TestBooks, type TestCompany } from '../test/openBooks.ts';
import { events } from './events.ts';
import { cancelInvoice, submitInvoice } from './invoice/transition.ts';
import { books as module } from './module.ts';
import { listPeriods } from './period/period.ts';
import { signOff } from './period/signOff.ts';

let books: TestBooks;
let company: TestCompany;
let superuser: pg.Client;
before(async () => {
  books = await openTestBooks();
  company = await books.company();
  superuser = new pg.Client(books.database.connections.superuser);
  await superuser.connect();
  await superuser.query(
    `insert into webhooks.endpoint (tenant_id, url, description) values ($1, 'https://hooks.example.com/', '')`,
    [company.tenant],
  );
});
after(async () => {
  await superuser.end();
  await books.close();
});

type Event = { type: string; body: string; company_id: string };
async function emitted(tenant = company.tenant): Promise<{ type: string; data: unknown; company: string }[]> {
  const { rows } = await superuser.query<Event>(
    'select type, body, company_id from webhooks.event where tenant_id = $1 order by created_at, id',
    [tenant],
  );
  return rows.map(({ type, body, company_id: of }) => {
    const { data } = JSON.parse(body) as { data: unknown };
    return { type, data, company: of };
  });
}

test('EDG-6 an invoice’s states and a sign-off are told, as the catalogue declares them', async () => {
  const id = await addDraft(company, { issuedOn: '2020-01-15' });
  await submitInvoice(company.session, id);
  await cancelInvoice(company.session, id, { reason: 'Sent twice', on: '2020-01-20' });
  const january = (await listPeriods(company.session)).find(({ startsOn }) => startsOn === '2020-01-01');
  await signOff(company.session, january?.id ?? '', undefined);
  const told = await emitted();
  assert.deepEqual(
    told.map(({ type, company: of }) => [type, of]),
    ['books.invoice.submitted', 'books.invoice.cancelled', 'books.period.signed-off'].map((type) => [
      type,
      company.company,
    ]),
  );
  for (const [index, schema] of Object.values(events)
    .map(({ schema: declared }) => declared)
    .entries()) {
    // Strict: what is sent and not declared would be a leak or a forgotten line.
    assert.ok(schema instanceof z.ZodObject);
    assert.deepEqual(schema.strict().parse(told[index]?.data), told[index]?.data);
  }
  assert.deepEqual(Object.keys(module.events ?? {}), Object.keys(events));
});

test('EDG-6 what does not come about is not told, and nor is a tenant’s without an endpoint', async () => {
  const before = (await emitted()).length;
  const id = await addDraft(company, { issuedOn: '2024-05-01' });
  await assert.rejects(
    company.session.transaction(async (tx) => {
      await submitInvoice(tx, id);
      throw new Error('undone');
    }),
    { message: 'undone' },
  );
  assert.equal((await emitted()).length, before);
  const other = await books.company();
  await submitInvoice(other.session, await addDraft(other, {}));
  assert.deepEqual(await emitted(other.tenant), []);
});
