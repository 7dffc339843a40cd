import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type pg from 'pg';
import { addDraft, openTestBooks, type TestBooks, type TestCompany } from '../../test/openBooks.ts';
import { submitInvoice } from '../invoice/transition.ts';
import { reverseEntry, postEntry } from '../journal/post.ts';
import { openYear } from './open.ts';
import { listPeriods } from './period.ts';
import { signOff } from './signOff.ts';

let books: TestBooks;
before(async () => {
  books = await openTestBooks();
});
after(() => books.close());

/** A company with the periods of 2024, and the id of March. */
async function withMarch(): Promise<TestCompany & { march: string }> {
  const company = await books.company();
  await openYear(company.session, 2024);
  return { ...company, march: await periodOf(company, '2024-03-01') };
}

async function periodOf({ session }: TestCompany, startsOn: string): Promise<string> {
  const { rows } = await session.query<{ id: string }>(
    'select id from books.fiscal_period where starts_on = $1',
    [startsOn],
  );
  return (rows[0] as { id: string }).id;
}

const signOffSql = 'insert into books.sign_off (period_id) values ($1)';
const submitSql = `update books.invoice set status = 'submitted' where id = $1`;

/** A client whose statements can be watched: its process id is asked for while it is idle. */
type Watched = { client: pg.Client; pid: number };

/** Settles once the statement waits for a lock; rejects when it ends without having waited. */
async function untilWaiting(observer: Watched, { pid }: Watched, statement: Promise<unknown>): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  statement.then(end, end);
  for (;;) {
    const { rows } = await observer.client.query<{ waits: boolean }>(
      'select cardinality(pg_blocking_pids($1)) > 0 as waits',
      [pid],
    );
    if (rows[0]?.waits === true) return;
    assert.equal(over, false, 'the statement ended without waiting');
  }
}

async function watched(role: 'app' | 'owner', company: TestCompany): Promise<Watched> {
  const client = await books.connect(role, company);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return { client, pid: rows[0]?.pid ?? 0 };
}

/** One connection to sign off, one to submit, one to look on. */
async function threeConnections(company: TestCompany) {
  return {
    signing: await watched('app', company),
    submitting: await watched('app', company),
    observer: await watched('owner', company),
  };
}

test('BOK-3: sign-off first: the submission waits for it and is refused', async () => {
  const company = await withMarch();
  const invoice = await addDraft(company, { issuedOn: '2024-03-31' });
  const { signing, submitting, observer } = await threeConnections(company);
  await signing.client.query('begin');
  await signing.client.query(signOffSql, [company.march]);
  const submission = assert.rejects(submitting.client.query(submitSql, [invoice]), {
    code: '23514',
    constraint: 'period_closed',
  });
  await untilWaiting(observer, submitting, submission);
  await signing.client.query('commit');
  await submission;
  const { rows } = await company.session.query('select from books.journal_entry');
  assert.equal(rows.length, 0);
});

test('BOK-3: sign-off first but rolled back: the submission waits for it and succeeds', async () => {
  const company = await withMarch();
  const invoice = await addDraft(company, { issuedOn: '2024-03-31' });
  const { signing, submitting, observer } = await threeConnections(company);
  await signing.client.query('begin');
  await signing.client.query(signOffSql, [company.march]);
  const submission = submitting.client.query(submitSql, [invoice]);
  await untilWaiting(observer, submitting, submission);
  await signing.client.query('rollback');
  assert.equal((await submission).rowCount, 1);
});

test('BOK-3: submission first: the sign-off waits for it, and then includes it', async () => {
  const company = await withMarch();
  const invoice = await addDraft(company, { issuedOn: '2024-03-31' });
  const late = await addDraft(company, { issuedOn: '2024-03-31' });
  const { signing, submitting, observer } = await threeConnections(company);
  await submitting.client.query('begin');
  await submitting.client.query(submitSql, [invoice]);
  const sign = signing.client.query(signOffSql, [company.march]);
  await untilWaiting(observer, signing, sign);
  await submitting.client.query('commit');
  assert.equal((await sign).rowCount, 1);
  const { rows } = await company.session.query('select from books.journal_entry');
  assert.equal(rows.length, 1);
  await assert.rejects(submitInvoice(company.session, late), { constraint: 'period_closed' });
});

test('BOK-3: submission first but rolled back: the sign-off goes on and nothing is posted', async () => {
  const company = await withMarch();
  const invoice = await addDraft(company, { issuedOn: '2024-03-31' });
  const { signing, submitting, observer } = await threeConnections(company);
  await submitting.client.query('begin');
  await submitting.client.query(submitSql, [invoice]);
  const sign = signing.client.query(signOffSql, [company.march]);
  await untilWaiting(observer, signing, sign);
  await submitting.client.query('rollback');
  await sign;
  const { rows } = await company.session.query('select from books.journal_entry');
  assert.equal(rows.length, 0);
});

test('BOK-3: under repeatable read a submission that began before the sign-off fails instead of slipping through', async () => {
  const company = await withMarch();
  const invoice = await addDraft(company, { issuedOn: '2024-03-31' });
  const submitting = await books.connect('app', company);
  await submitting.query('begin isolation level repeatable read');
  await submitting.query('select count(*) from books.invoice');
  await signOff(company.session, company.march, undefined);
  await assert.rejects(submitting.query(submitSql, [invoice]), { code: '40001' });
  await submitting.query('rollback');
});

test('BOK-3: hammered by sixteen connections, nothing is posted into a closed period after its sign-off', async () => {
  const company = await withMarch();
  const days = [
    '2024-01-31',
    '2024-02-10',
    '2024-02-29',
    '2024-03-15',
    '2024-03-31',
    '2024-04-01',
    '2024-05-05',
  ];
  const drafts = await Promise.all(
    Array.from({ length: 140 }, (_, index) =>
      addDraft(company, { issuedOn: days[index % days.length] as string }),
    ),
  );
  const months = await Promise.all(
    ['2024-01-01', '2024-02-01', '2024-03-01'].map((start) => periodOf(company, start)),
  );
  // Each outcome notes what the committing transaction saw as closed, taken under the lock it holds.
  const outcomes = await Promise.allSettled([
    ...drafts.map((id) => submitInvoice(company.session, id)),
    ...months.map(async (period) => {
      await signOff(company.session, period, undefined);
      const { rows } = await company.session.query<{ count: number }>(
        `select count(*)::int as count from books.journal_entry e
         where e.posted_on <= (select f.ends_on from books.fiscal_period f where f.id = $1)`,
        [period],
      );
      return { period, count: rows[0]?.count };
    }),
  ]);
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as { constraint?: string }] : [],
  );
  for (const { constraint } of failures)
    assert.match(constraint ?? '', /^(period_closed|period_already_signed_off)$/);
  for (const outcome of outcomes) {
    if (outcome.status !== 'fulfilled' || typeof outcome.value === 'boolean') continue;
    const { period, count } = outcome.value;
    const { rows } = await company.session.query<{ count: number }>(
      `select count(*)::int as count from books.journal_entry e
       where e.posted_on <= (select f.ends_on from books.fiscal_period f where f.id = $1)`,
      [period],
    );
    assert.equal(rows[0]?.count, count, 'an entry appeared in a period after its sign-off had returned');
  }
  const { rows } = await company.session.query<{ ok: boolean }>(
    `select count(*) = max(e.number) and count(*) = count(distinct e.number) as ok from books.journal_entry e`,
  );
  assert.equal(rows[0]?.ok, true);
});

test('BOK-3: a signed-off period refuses manual entries, reversals and cancellations on or before its end', async () => {
  const company = await withMarch();
  const { session, accounts } = company;
  const invoice = await addDraft(company, { issuedOn: '2024-03-10' });
  await submitInvoice(session, invoice);
  const entry = (postedOn: string) =>
    postEntry(session, {
      postedOn,
      memo: 'Rent',
      postings: [
        { ledgerAccountId: accounts.get('6100') as string, debit: '500' },
        { ledgerAccountId: accounts.get('1000') as string, credit: '500' },
      ],
    });
  const rent = await entry('2024-03-31');
  await signOff(session, company.march, 'All reconciled');
  const closed = { constraint: 'period_closed', sqlstate: '23514' };
  await assert.rejects(entry('2024-03-31'), closed);
  await assert.rejects(entry('2023-07-01'), closed);
  await assert.rejects(reverseEntry(session, rent, { on: '2024-03-31' }), closed);
  await assert.rejects(
    session.query(
      `update books.invoice set status = 'cancelled', cancel_reason = 'No', cancelled_on = '2024-03-31' where id = $1`,
      [invoice],
    ),
    closed,
  );
  assert.ok(await entry('2024-04-01'));
  assert.ok(await reverseEntry(session, rent, { on: '2024-04-01' }));
});

test('BOK-3: sign-offs go forward only, are never taken back, and close everything before them', async () => {
  const company = await withMarch();
  const { session } = company;
  await signOff(session, company.march, 'First quarter');
  for (const start of ['2024-01-01', '2024-03-01']) {
    await assert.rejects(signOff(session, await periodOf(company, start), undefined), {
      constraint: 'period_already_signed_off',
      sqlstate: '23514',
    });
  }
  const periods = await listPeriods(session, 2024);
  assert.deepEqual(
    periods.filter(({ status }) => status === 'signed-off').map(({ startsOn }) => startsOn),
    ['2024-03-01', '2024-02-01', '2024-01-01'],
  );
  assert.equal(periods.at(-1)?.note, 'First quarter');
  const owner = await books.connect('owner', company);
  await assert.rejects(owner.query('update books.sign_off set note = null'), {
    code: '23514',
    constraint: 'sign_off_append_only',
  });
  await assert.rejects(owner.query('delete from books.sign_off'), { code: '42501' });
  await assert.rejects(owner.query('truncate books.sign_off'), { code: '42501' });
  for (const day of ['null', `date '2024-02-29'`]) {
    await assert.rejects(owner.query(`update books.company_profile set closed_through = ${day}`), {
      code: '23514',
      constraint: 'sign_off_forward',
    });
  }
});

test('BOK-3: a period that is not over is not signed off, and a stranger’s period does not exist', async () => {
  const company = await withMarch();
  const year = new Date().getUTCFullYear() + 1;
  await openYear(company.session, year);
  await assert.rejects(signOff(company.session, await periodOf(company, `${year}-01-01`), undefined), {
    constraint: 'period_not_over',
  });
  const stranger = await withMarch();
  assert.equal(await signOff(company.session, stranger.march, undefined), false);
  await assert.rejects(company.session.query(signOffSql, [stranger.march]), {
    constraint: 'sign_off_period_fkey',
  });
});

test('BOK-3: a sign-off is audited with the account that signed', async () => {
  const company = await withMarch();
  await signOff(company.session, company.march, 'Reviewed');
  const { rows } = await company.session.query<{ actor: string; signed: string }>(
    `select a.actor_id::text as actor, s.signed_by::text as signed
     from bulkhead.audit_entry a, books.sign_off s
     where a.target_type = 'books.sign_off' and a.target_id = s.id`,
  );
  assert.equal(rows.length, 1);
  assert.equal(rows[0]?.actor, rows[0]?.signed);
});
