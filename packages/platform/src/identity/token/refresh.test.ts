import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { issuer, startedFamily, tokensOf } from '../../../test/tokens.ts';
import { endOtherSessions, endSessions } from '../index.ts';
import { readAccessToken, refresh, revoke, type TokenDependencies } from './index.ts';

const device = { ip: '192.0.2.9', userAgent: 'app/1', requestId: 'request-1' };
const day = 24 * 3_600_000;

describe('refresh families (AUT-2)', () => {
  let fixture: Fixture;
  let superuser: pg.Client;
  let tokens: TokenDependencies;
  before(async () => {
    fixture = await openFixture();
    superuser = await fixture.connect('superuser');
    tokens = tokensOf(fixture.identity);
  });
  after(() => fixture.close());

  const family = async () => startedFamily(tokens, (await fixture.person()).email);
  const exchange = (refreshToken: string, on: TokenDependencies = tokens) =>
    refresh(on, { refreshToken, device });
  const refused = (refreshToken: string) => assert.rejects(exchange(refreshToken), refusal('token_refused'));
  const sessionRow = async (sessionId: string) => {
    const { rows } = await superuser.query<{ ended_reason: string | null; tokens: string; live: string }>(
      `select s.ended_reason, count(t.id) as tokens, count(t.id) filter (where t.used_at is null) as live
       from identity.session s left join identity.refresh_token t on t.session_id = s.id
       where s.id = $1 group by s.id`,
      [sessionId],
    );
    return rows[0] ?? assert.fail('no such session');
  };
  const events = async (action: string, target: string): Promise<number> => {
    const { rows } = await superuser.query<{ n: number }>(
      `select count(*)::int as n from bulkhead.audit_entry
       where action = $1 and target_id = $2 and tenant_id is null`,
      [action, target],
    );
    return rows[0]?.n ?? 0;
  };

  it('give a successor and an access token of the same session', async () => {
    const first = await family();
    const second = await exchange(first.refreshToken);
    assert.match(second.refreshToken, /^bhr_[A-Za-z0-9_-]{43}$/);
    assert.notEqual(second.refreshToken, first.refreshToken);
    const session = await readAccessToken(tokens, second.accessToken);
    assert.equal(session?.id, first.sessionId);
    const third = await exchange(second.refreshToken);
    assert.equal((await readAccessToken(tokens, third.accessToken))?.id, first.sessionId);
    assert.deepEqual(await sessionRow(first.sessionId), { ended_reason: null, tokens: '3', live: '1' });
  });

  it('are stored as hashes: no token, and no successor, is readable in the database', async () => {
    const first = await family();
    const second = await exchange(first.refreshToken);
    const { rows } = await superuser.query<{ row: string }>(
      'select t::text as row from identity.refresh_token t where t.session_id = $1',
      [first.sessionId],
    );
    for (const { refreshToken } of [first, second]) {
      const secret = Buffer.from(refreshToken.slice(4), 'base64url').toString('hex');
      for (const { row } of rows) assert.ok(!row.includes(secret));
    }
  });

  it('give N tabs at once one and the same successor (T-30)', async () => {
    const first = await family();
    const answers = await Promise.all(Array.from({ length: 24 }, () => exchange(first.refreshToken)));
    assert.equal(new Set(answers.map(({ refreshToken }) => refreshToken)).size, 1);
    assert.deepEqual(await sessionRow(first.sessionId), { ended_reason: null, tokens: '2', live: '1' });
  });

  it('give the predecessor the same successor within the grace, not a newer one (T-32)', async () => {
    const first = await family();
    const second = await exchange(first.refreshToken);
    fixture.advance(9999);
    assert.equal((await exchange(first.refreshToken)).refreshToken, second.refreshToken);
    await exchange(second.refreshToken);
    assert.equal((await sessionRow(first.sessionId)).tokens, '3');
  });

  it('end whole when a token is presented again after the grace, in the audit and for good', async () => {
    const first = await family();
    const second = await exchange(first.refreshToken);
    fixture.advance(10_000);
    await refused(first.refreshToken);
    assert.equal((await sessionRow(first.sessionId)).ended_reason, 'reuse');
    assert.equal(await events('refresh_token.reuse', first.sessionId), 1);
    assert.equal(await events('session.end', first.sessionId), 1);
    await refused(second.refreshToken);
    assert.equal(await readAccessToken(tokens, second.accessToken), null, 'the access token opens nothing');
    await refused(first.refreshToken);
    assert.equal(await events('refresh_token.reuse', first.sessionId), 1, 'an ended family is told of once');
  });

  it('end when a grandparent comes back, although within its grace', async () => {
    const first = await family();
    const second = await exchange(first.refreshToken);
    await exchange(second.refreshToken);
    await refused(first.refreshToken);
    assert.equal((await sessionRow(first.sessionId)).ended_reason, 'reuse');
  });

  it('stay ended in a process that starts afterwards (T-31)', async () => {
    const first = await family();
    const second = await exchange(first.refreshToken);
    fixture.advance(20_000);
    await refused(first.refreshToken);
    const restarted = tokensOf(fixture.anotherProcess());
    for (const { refreshToken } of [first, second]) {
      await assert.rejects(exchange(refreshToken, restarted), refusal('token_refused'));
    }
  });

  it('end with their session: revoked, ended elsewhere, account disabled (T-31)', async () => {
    const revoked = await family();
    assert.deepEqual(await revoke(tokens, { token: revoked.refreshToken, device }), { ended: true });
    assert.deepEqual(await revoke(tokens, { token: revoked.refreshToken, device }), { ended: false });
    await refused(revoked.refreshToken);

    const elsewhere = await family();
    const session = await readAccessToken(tokens, elsewhere.accessToken);
    const accountId = session?.account.id ?? '';
    await endOtherSessions(fixture.identity, { accountId, exceptSessionId: revoked.sessionId });
    await refused(elsewhere.refreshToken);
    assert.equal(await readAccessToken(tokens, elsewhere.accessToken), null);

    const person = await fixture.person();
    const disabled = await startedFamily(tokens, person.email);
    const owner = await fixture.connect('owner');
    await owner.query('select identity.disable_account($1, $2, $3)', [
      person.email,
      'left the company',
      new Date(fixture.identity.clock()),
    ]);
    await refused(disabled.refreshToken);
    assert.equal(await readAccessToken(tokens, disabled.accessToken, { fresh: true }), null);
  });

  it('are revoked by an access token too, and by any token of the family', async () => {
    const first = await family();
    const second = await exchange(first.refreshToken);
    assert.deepEqual(await revoke(tokens, { token: second.accessToken, device }), { ended: true });
    await refused(second.refreshToken);
    const other = await family();
    await exchange(other.refreshToken);
    assert.deepEqual(await revoke(tokens, { token: other.refreshToken, device }), { ended: true });
  });

  it('are not revoked by what is no token, and that is no error (RFC 7009 section 2.2)', async () => {
    for (const token of ['', 'bhr_', `bhr_${'A'.repeat(43)}`, 'a.b.c', 'x'.repeat(9000)]) {
      assert.deepEqual(await revoke(tokens, { token, device }), { ended: false });
    }
  });

  it('report a revocation that failed as failed (T-45)', async () => {
    const { refreshToken } = await family();
    await superuser.query(`create function identity.break() returns trigger language plpgsql as
      $$ begin raise exception 'the disk is full'; end $$;
      create trigger break before update on identity.session for each row execute function identity.break()`);
    try {
      await assert.rejects(revoke(tokens, { token: refreshToken, device }), /the disk is full/);
    } finally {
      await superuser.query('drop trigger break on identity.session; drop function identity.break()');
    }
    assert.match((await exchange(refreshToken)).refreshToken, /^bhr_/, 'and the family lives on');
  });

  it('end unused after 14 days, and in any case with their session', async () => {
    const idle = await family();
    fixture.advance(14 * day);
    await refused(idle.refreshToken);
    const kept = await family();
    fixture.advance(13 * day);
    const second = await exchange(kept.refreshToken);
    assert.equal(
      second.refreshExpiresAt.getTime(),
      fixture.identity.clock() + day,
      'no longer than the session',
    );
    fixture.advance(day);
    await refused(second.refreshToken);
    assert.equal(await readAccessToken(tokens, second.accessToken), null);
  });

  it('know one spelling of a token (T-41)', async () => {
    const { refreshToken } = await family();
    const last = refreshToken.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const sibling = alphabet[alphabet.indexOf(last) ^ 1] ?? '';
    const spellings = [
      refreshToken.slice(0, -1) + sibling,
      `${refreshToken}=`,
      ` ${refreshToken}`,
      refreshToken.replace('bhr_', 'BHR_'),
      refreshToken.slice(4),
    ];
    for (const spelling of spellings) await refused(spelling);
    await exchange(refreshToken);
  });

  it('lose to a revocation that was there first, and keep what they gave before it (T-31)', async () => {
    const first = await family();
    const session = await readAccessToken(tokens, first.accessToken);
    const blocker = await fixture.connect('superuser');
    await blocker.query('begin');
    await blocker.query('select from identity.session where id = $1 for update', [first.sessionId]);
    const ending = endSessions(fixture.identity, {
      accountId: session?.account.id ?? '',
      sessionId: first.sessionId,
      reason: 'ended_elsewhere',
    });
    await untilWaiting(1);
    const refreshing = assert.rejects(exchange(first.refreshToken), refusal('token_refused'));
    await untilWaiting(2);
    await blocker.query('commit');
    await Promise.all([ending, refreshing]);
    assert.deepEqual(await sessionRow(first.sessionId), {
      ended_reason: 'ended_elsewhere',
      tokens: '1',
      live: '1',
    });
  });

  const untilWaiting = async (count: number): Promise<void> => {
    for (;;) {
      const { rows } = await superuser.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if ((rows[0]?.n ?? 0) >= count) return;
    }
  };

  it('name the configured issuer alone (T-40)', async () => {
    const { accessToken } = await family();
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as object;
    assert.deepEqual(
      Object.entries(claims).filter(([name]) => name === 'iss' || name === 'aud'),
      [
        ['iss', issuer],
        ['aud', issuer],
      ],
    );
  });
});
