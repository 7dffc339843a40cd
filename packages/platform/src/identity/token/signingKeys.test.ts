import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, type Fixture } from '../../../test/fixture.ts';
import { startedFamily, tokensOf } from '../../../test/tokens.ts';
import { listSigningKeys } from './index.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('signing keys (AUT-1)', () => {
  let fixture: Fixture;
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    superuser = await fixture.connect('superuser');
  });
  after(() => fixture.close());

  const server = () => tokensOf(fixture.anotherProcess());
  const states = async (on = server()) => (await listSigningKeys(on.keys)).map(({ state }) => state);
  const rows = async () =>
    (
      await superuser.query<{ id: string; state: string; private: boolean; text: string }>(
        `select id, state, private_encrypted is not null as private, k::text as text
         from identity.signing_key k order by created_at, state`,
      )
    ).rows;

  it('are made once, however many servers start at the same time', async () => {
    await Promise.all(Array.from({ length: 8 }, () => server().keys.read()));
    assert.deepEqual(
      (await rows()).map(({ state }) => state),
      ['current', 'next'],
    );
  });

  it('are stored encrypted, and published without their private part', async () => {
    const { keys } = server();
    const { current } = await keys.read();
    const secret = String(current.privateJwk.d);
    for (const { text } of await rows()) {
      assert.ok(!text.includes(secret));
      assert.ok(!text.includes(Buffer.from(secret).toString('hex')));
    }
    for (const jwk of (await keys.publish()).keys) {
      assert.deepEqual(Object.keys(jwk).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    }
    await assert.rejects(
      superuser.query(`update identity.signing_key set public_key = public_key || '{"d":"x"}'`),
      { code: '23514', constraint: 'signing_key_public_only' },
    );
  });

  it('are bound to their row: a private part moved to another key does not open', async () => {
    await superuser.query('begin');
    try {
      await superuser.query(`update identity.signing_key set private_encrypted =
        (select private_encrypted from identity.signing_key where state = 'next') where state = 'current'`);
      await superuser.query('commit');
      await assert.rejects(server().keys.read(), { code: 'decrypt_failed' });
    } finally {
      await superuser.query('delete from identity.signing_key');
    }
    await server().keys.read();
  });

  it('are verified by every server before one signs: a token made right after a rotation is known', async () => {
    const [one, other] = [server(), server()];
    fixture.advance(hour);
    await other.keys.read();
    await one.keys.rotate();
    const { accessToken } = await startedFamily(one, (await fixture.person()).email);
    assert.ok(await other.accessTokens.verify(accessToken), 'from what it had read before the rotation');
  });

  it('keep their tokens valid after a rotation, and not longer than they live', async () => {
    const one = server();
    const { accessToken } = await startedFamily(one, (await fixture.person()).email);
    fixture.advance(599_000);
    const kid = (await one.keys.read()).current.kid;
    await one.keys.rotate({ now: true });
    assert.deepEqual((await states(one)).includes('retired'), true);
    assert.ok(await one.accessTokens.verify(accessToken));
    assert.ok(await server().accessTokens.verify(accessToken));
    fixture.advance(2 * hour);
    assert.equal(await one.keys.find(kid), undefined);
    assert.ok(!(await one.keys.publish()).keys.some((jwk) => jwk.kid === kid));
  });

  it('lose their private part as they retire, and never come back', async () => {
    const one = server();
    await one.keys.rotate({ now: true });
    const retired = (await rows()).filter(({ state }) => state === 'retired');
    assert.ok(retired.length > 0);
    assert.ok(retired.every(({ private: held }) => !held));
    await assert.rejects(
      superuser.query(
        `update identity.signing_key set state = 'next', current_since = null, retired_at = null,
           published_until = null, private_encrypted = '\\x00' where state = 'retired'`,
      ),
      { code: '23514', constraint: 'signing_key_retired_is_final' },
    );
  });

  it('void all their tokens at once when they may have leaked, elsewhere within half a minute', async () => {
    const [one, other] = [server(), server()];
    const { accessToken } = await startedFamily(one, (await fixture.person()).email);
    assert.ok(await other.accessTokens.verify(accessToken));
    await one.keys.rotate({ compromised: true, now: true });
    assert.equal(await one.accessTokens.verify(accessToken), null);
    assert.equal(await server().accessTokens.verify(accessToken), null);
    assert.ok(await other.accessTokens.verify(accessToken), 'the bound is no better than it is said to be');
    fixture.advance(30_000);
    assert.equal(
      await other.accessTokens.verify(accessToken),
      null,
      'although it was remembered as verified',
    );
  });

  it('rotate on schedule, once, whichever servers notice; not before the next one was published for an hour', async () => {
    fixture.advance(30 * day - hour);
    assert.equal(await server().keys.rotateWhenDue(), false);
    fixture.advance(hour);
    const before = (await server().keys.read()).current.kid;
    const rotated = await Promise.all([server(), server(), server()].map(({ keys }) => keys.rotateWhenDue()));
    assert.equal(rotated.filter(Boolean).length, 1);
    assert.notEqual((await server().keys.read()).current.kid, before);
    await assert.rejects(server().keys.rotate(), { code: 'key_too_fresh' });
  });

  it('are looked for anew at most every two seconds, whatever key ids strangers make up', async () => {
    const counting = fixture.anotherProcess();
    let queries = 0;
    const pool = new Proxy(counting.pool, {
      get(target, name) {
        if (name === 'query') queries += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const { keys } = tokensOf({ ...counting, pool });
    await keys.read();
    fixture.advance(2000);
    queries = 0;
    for (let n = 0; n < 50; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another, as requests come
      assert.equal(await keys.find(`made up ${n}`), undefined);
    }
    assert.equal(queries, 1);
  });

  it('are in the audit when they change', async () => {
    const { rows: entries } = await superuser.query<{ n: number }>(
      `select count(*)::int as n from bulkhead.audit_entry where action = 'signing_key.rotate' and tenant_id is null`,
    );
    const retired = (await rows()).filter(({ state }) => state === 'retired').length;
    assert.equal(entries[0]?.n, retired);
  });
});
