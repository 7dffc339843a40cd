import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openFixture, type Fixture, type Person } from '../../../test/fixture.ts';
import type { StartedSession } from '../session.ts';
import { startSession } from '../startSession.ts';
import { ProviderRecords } from './index.ts';

describe('the provider’s records (AUT-8)', () => {
  let fixture: Fixture;
  let records: ProviderRecords;
  let person: Person;
  let started: StartedSession;
  before(async () => {
    fixture = await openFixture();
    records = new ProviderRecords(fixture.identity);
    person = await fixture.person();
    started = await startSession(fixture.identity, fixture.identity.pool, {
      accountId: person.accountId,
      device: {},
      methods: ['pwd'],
    });
    await records.save({
      model: 'Session',
      id: 'browser-cookie',
      payload: { uid: 'browser', accountId: person.accountId, jti: 'browser-cookie' },
      sessionId: started.sessionId,
    });
  });
  after(() => fixture.close());

  const code = (id: string) =>
    records.save({
      model: 'AuthorizationCode',
      id,
      payload: { sessionUid: 'browser', grantId: 'grant-1', jti: id },
      expiresIn: 60,
    });

  it('are found by their secret, which is stored nowhere', async () => {
    await code('code-one');
    assert.deepEqual(await records.find('AuthorizationCode', 'code-one'), {
      sessionUid: 'browser',
      grantId: 'grant-1',
      jti: 'code-one',
    });
    assert.equal(await records.find('RefreshToken', 'code-one'), undefined);
    const client = await fixture.connect('superuser');
    const { rows } = await client.query<{ text: string }>(
      'select r::text as text from identity.provider_record r',
    );
    for (const { text } of rows) {
      for (const secret of ['code-one', 'grant-1', 'browser']) {
        assert.ok(!text.includes(secret));
        assert.ok(!text.includes(Buffer.from(secret).toString('hex')));
      }
    }
  });

  it('are spent once, however many try at once (T-30)', async () => {
    await code('code-race');
    const spent = await Promise.all(
      Array.from({ length: 8 }, () => records.consume('AuthorizationCode', 'code-race', 1000)),
    );
    assert.deepEqual(spent.filter(Boolean), [true]);
    const found = await records.find('AuthorizationCode', 'code-race');
    assert.equal(found?.['consumed'], Math.floor(fixture.identity.clock() / 1000));
  });

  it('go with their grant', async () => {
    await code('code-granted');
    await records.save({
      model: 'Grant',
      id: 'grant-1',
      payload: { jti: 'grant-1' },
      sessionId: started.sessionId,
    });
    await records.endGrant('grant-1');
    assert.equal(await records.find('AuthorizationCode', 'code-granted'), undefined);
    assert.equal(await records.find('Grant', 'grant-1'), undefined);
    assert.equal(await records.consume('AuthorizationCode', 'code-granted', 1000), false);
  });

  it('run out', async () => {
    await code('code-old');
    fixture.advance(60_000);
    assert.equal(await records.find('AuthorizationCode', 'code-old'), undefined);
    assert.equal(await records.consume('AuthorizationCode', 'code-old', 1000), false);
  });

  it('cannot act for a person without a session, by the table itself', async () => {
    await assert.rejects(
      records.save({ model: 'RefreshToken', id: 'stray', payload: { sessionUid: 'nobody', grantId: 'g' } }),
      { code: '23514', constraint: 'provider_record_hangs_on_session' },
    );
  });

  it('cannot be revived or moved to another session (T-31)', async () => {
    const client = await fixture.connect('identity');
    for (const change of ['consumed_at = null', 'ended_at = null', 'session_id = gen_random_uuid()']) {
      await assert.rejects(
        client.query(
          `update identity.provider_record set ${change} where consumed_at is not null or ended_at is not null`,
        ),
        { code: '23514', constraint: 'provider_record_spent' },
      );
    }
  });

  it('are gone as soon as their session has ended, and do not open elsewhere', async () => {
    await code('code-live');
    const admin = await fixture.connect('superuser');
    await admin.query(
      `update identity.provider_record set id_hash = sha256('stolen') where id_hash = sha256('code-live')`,
    );
    await assert.rejects(records.find('AuthorizationCode', 'stolen'), { code: 'decrypt_failed' });
    await code('code-last');
    assert.notEqual(await records.find('AuthorizationCode', 'code-last'), undefined);
    await admin.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'left' where id = $1`,
      [person.accountId],
    );
    assert.equal(await records.find('AuthorizationCode', 'code-last'), undefined);
    await admin.query(
      'update identity.account set disabled_at = null, disabled_reason = null where id = $1',
      [person.accountId],
    );
    assert.notEqual(await records.find('AuthorizationCode', 'code-last'), undefined);
    await admin.query(
      `update identity.session set ended_at = now(), ended_reason = 'signed_out' where id = $1`,
      [started.sessionId],
    );
    assert.equal(await records.find('AuthorizationCode', 'code-last'), undefined);
    assert.equal(await records.findSession('browser'), undefined);
    assert.equal(await records.find('Session', 'browser-cookie'), undefined);
  });
});
