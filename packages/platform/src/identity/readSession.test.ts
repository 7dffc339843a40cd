import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { openFixture, signedIn, type Fixture } from '../../test/fixture.ts';
import { createTenant } from '../tenants/index.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { readSession } from './readSession.ts';
import type { StartedSession } from './session.ts';
import { endOtherSessions, signOut } from './signOut.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('sessions', () => {
  let fixture: Fixture;
  let owner: pg.Client;
  before(async () => {
    fixture = await openFixture();
    owner = await fixture.connect('owner');
  });
  after(() => fixture.close());

  const start = async (email: string): Promise<StartedSession> =>
    signedIn(fixture.identity, {
      email,
      device: { ip: '2001:db8::7', userAgent: 'x'.repeat(900) },
    });
  const lastSeen = async (sessionId: string): Promise<number> => {
    const { rows } = await owner.query<{ at: Date }>(
      'select last_seen_at as at from identity.session where id = $1',
      [sessionId],
    );
    return rows[0]?.at.getTime() ?? assert.fail('no such session');
  };

  it('are found by their token alone, which is stored nowhere', async () => {
    const { email } = await fixture.person();
    const { token, sessionId } = await start(email);
    assert.equal((await readSession(fixture.identity, token))?.id, sessionId);
    const tampered = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
    for (const other of [tampered, '', 'x', `${token}=`, sessionId]) {
      assert.equal(await readSession(fixture.identity, other), null);
    }
    const { rows } = await owner.query('select s::text as row from identity.session s where id = $1', [
      sessionId,
    ]);
    assert.ok(!JSON.stringify(rows).includes(token));
    assert.ok(!JSON.stringify(rows).includes(Buffer.from(token, 'base64url').toString('hex')));
  });

  it('list the memberships of their account in all tenants, and no other’s', async () => {
    const [robin, other] = [await fixture.person(), await fixture.person()];
    const second = await createTenant(fixture.identity, { ownerAccountId: robin.accountId, name: 'Another' });
    const session = await readSession(fixture.identity, (await start(robin.email)).token);
    assert.deepEqual(
      session?.memberships.map(({ tenantId }) => tenantId).toSorted(),
      [robin.tenantId, second.tenantId].toSorted(),
    );
    assert.ok(!JSON.stringify(session).includes(other.tenantId));
  });

  it('cost no look-up while cached', async () => {
    const { email } = await fixture.person();
    const { token } = await start(email);
    await readSession(fixture.identity, token);
    const unreachable = new pg.Pool({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 100 });
    const cutOff: IdentityDependencies = { ...fixture.identity, pool: unreachable };
    assert.ok(await readSession(cutOff, token));
    fixture.advance(5000);
    await assert.rejects(
      readSession(cutOff, token),
      'a database that is away is an error, not a signed-out user',
    );
    await unreachable.end();
  });

  it('record their last use once a minute at most', async () => {
    const { email } = await fixture.person();
    const { token, sessionId } = await start(email);
    const started = await lastSeen(sessionId);
    for (let second = 0; second < 59; second += 10) {
      await readSession(fixture.anotherProcess(), token);
      fixture.advance(second < 50 ? 10_000 : 9_999);
    }
    assert.equal(await lastSeen(sessionId), started);
    fixture.advance(1);
    await readSession(fixture.anotherProcess(), token);
    assert.equal(await lastSeen(sessionId), started + minute);
  });

  it('end when idle, move with use, and end for good at their absolute life', async () => {
    const { email } = await fixture.person();
    const idle = await start(email);
    const used = await start(email);
    fixture.advance(12 * hour - 1);
    assert.ok(await readSession(fixture.identity, used.token));
    fixture.advance(1);
    assert.equal(await readSession(fixture.identity, idle.token), null);
    for (let elapsed = 12; elapsed < 14 * 24; elapsed += 11) {
      assert.ok(await readSession(fixture.identity, used.token), `still used after ${elapsed} hours`);
      fixture.advance(11 * hour);
    }
    assert.equal(await readSession(fixture.identity, used.token), null);
  });

  it('expire to the millisecond although cached', async () => {
    const { email } = await fixture.person();
    const { token } = await start(email);
    fixture.advance(12 * hour - 10);
    const process = fixture.anotherProcess();
    const untouched: IdentityDependencies = { ...process, lifetimes: { idle: 0, absolute: 14 * 24 * hour } };
    assert.ok(await readSession(untouched, token));
    fixture.advance(10);
    assert.equal(await readSession(untouched, token), null);
  });

  it('are gone after sign-out, from the cache too; signing out twice ends nothing', async () => {
    const { email } = await fixture.person();
    const { token } = await start(email);
    assert.ok(await readSession(fixture.identity, token));
    assert.deepEqual(await signOut(fixture.identity, token), { ended: true });
    assert.equal(await readSession(fixture.identity, token), null);
    assert.deepEqual(await signOut(fixture.identity, token), { ended: false });
    assert.deepEqual(await signOut(fixture.identity, 'nonsense'), { ended: false });
  });

  it('a sign-out that fails is an error, and the session lives on (T-45)', async () => {
    const { email } = await fixture.person();
    const { token } = await start(email);
    const unreachable = new pg.Pool({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 100 });
    await assert.rejects(signOut({ ...fixture.identity, pool: unreachable }, token));
    await unreachable.end();
    assert.ok(await readSession(fixture.identity, token));
  });

  it('another process notices a sign-out when its cache entry ends', async () => {
    const { email } = await fixture.person();
    const { token } = await start(email);
    const elsewhere = fixture.anotherProcess();
    assert.ok(await readSession(elsewhere, token));
    await signOut(fixture.identity, token);
    fixture.advance(5000);
    assert.equal(await readSession(elsewhere, token), null);
  });

  it('the others of an account can be ended, and only its own', async () => {
    const [robin, other] = [await fixture.person(), await fixture.person()];
    const kept = await start(robin.email);
    const ended = [await start(robin.email), await start(robin.email)];
    const foreign = await start(other.email);
    for (const { token } of [kept, ...ended, foreign]) assert.ok(await readSession(fixture.identity, token));
    const chosen = { accountId: robin.accountId, exceptSessionId: kept.sessionId };
    assert.deepEqual(await endOtherSessions(fixture.identity, chosen), { ended: 2 });
    for (const { token } of ended) assert.equal(await readSession(fixture.identity, token), null);
    for (const { token } of [kept, foreign]) assert.ok(await readSession(fixture.identity, token));
  });

  it('end with their account', async () => {
    const { email, accountId } = await fixture.person();
    const { token } = await start(email);
    await owner.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'test' where id = $1`,
      [accountId],
    );
    assert.equal(await readSession(fixture.identity, token), null);
  });

  it('cannot be revived, not even by the owner role (T-31)', async () => {
    const { email } = await fixture.person();
    const { token, sessionId } = await start(email);
    await signOut(fixture.identity, token);
    for (const client of [owner, await fixture.connect('identity')]) {
      const revival = 'update identity.session set ended_at = null, ended_reason = null where id = $1';
      await assert.rejects(client.query(revival, [sessionId]), { constraint: 'session_ended_is_final' });
    }
  });
});
