import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nobody, openFixture, type Fixture } from '../../test/fixture.ts';
import { acceptInvite, inviteWithoutMail, removeMember } from '../access/index.ts';
import { createTenant } from '../tenants/index.ts';
import { inTransaction } from '../transaction.ts';
import { recordEvent } from './event.ts';
import { noTenant } from './noTenant.ts';

describe('events of accounts (AUD-1)', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  const entriesOf = async (action: string): Promise<object[]> => {
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query<Record<string, unknown>>(
      `select tenant_id, actor_kind, actor_id, target_type, target_id, request_id, host(ip) as ip, user_agent, detail
       from bulkhead.audit_entry where action = $1 order by tenant_id nulls first`,
      [action],
    );
    return rows;
  };

  it('are written into the service’s chain and those of the account’s tenants', async () => {
    const { identity } = fixture;
    const { accountId, tenantId } = await fixture.person();
    const other = await createTenant(identity, { ownerAccountId: accountId, name: 'Second' });
    await fixture.person();
    await recordEvent(identity, identity.pool, {
      accountId,
      action: 'session.start',
      targetType: 'identity.session',
      targetId: nobody,
      detail: { methods: ['pwd'] },
      request: { id: 'r1', ip: '192.0.2.7', userAgent: 'Firefox' },
    });
    const entry = {
      actor_kind: 'account',
      actor_id: accountId,
      target_type: 'identity.session',
      target_id: nobody,
      request_id: 'r1',
      ip: '192.0.2.7',
      user_agent: 'Firefox',
      detail: { methods: ['pwd'] },
    };
    assert.deepEqual(
      await entriesOf('session.start'),
      [null, ...[tenantId, other.tenantId].toSorted()].map((tenant_id) => ({ tenant_id, ...entry })),
    );
  });

  it('of nobody known are the service’s alone', async () => {
    const { identity } = fixture;
    await recordEvent(identity, identity.pool, { action: 'sign_in.refuse', targetType: 'identity.account' });
    assert.deepEqual(await entriesOf('sign_in.refuse'), [
      {
        tenant_id: null,
        actor_kind: 'service',
        actor_id: null,
        target_type: 'identity.account',
        target_id: null,
        request_id: null,
        ip: null,
        user_agent: null,
        detail: null,
      },
    ]);
  });

  it('are committed with what they tell of, or not at all, and leave the context as it was', async () => {
    const { identity } = fixture;
    const { accountId } = await fixture.person();
    const event = { accountId, action: 'factor.add', targetType: 'identity.factor' } as const;
    await assert.rejects(
      inTransaction(identity.pool, async (client) => {
        await recordEvent(identity, client, event);
        const { rows } = await client.query(`select current_setting('bulkhead.context', true) as context`);
        assert.deepEqual(rows, [{ context: '' }]);
        throw new Error('the factor was not added');
      }),
      { message: 'the factor was not added' },
    );
    assert.deepEqual(await entriesOf('factor.add'), []);
  });

  it('cannot be written into a tenant without a seal, nor by a forged one', async () => {
    const { tenantId } = await fixture.person();
    const identity = await fixture.connect('identity');
    const write = 'select identity.write_event($1, $2, $3, null, null, null)';
    await assert.rejects(identity.query(write, [[tenantId], 'session.start', 'identity.session']), {
      code: '42501',
    });
    await assert.rejects(
      identity.query('select identity.record_event($1, $2, $3, null, null, null)', [
        'bh1.forged',
        'session.start',
        'identity.session',
      ]),
      { code: '42501' },
    );
    await assert.rejects(identity.query(write, [[], 'insert', 'books.invoice']), { code: '22023' });
  });

  it('cannot be written into a tenant whose member the sealed account is not', async () => {
    const [person, other] = [await fixture.person(), await fixture.person()];
    const identity = await fixture.connect('identity');
    const superuser = await fixture.connect('superuser');
    const context = fixture.identity.sealer.seal({
      tenant: noTenant,
      actor: { kind: 'account', id: person.accountId },
    });
    const write = async (tenants: string[]) => {
      await identity.query('begin');
      try {
        await identity.query(`select set_config('bulkhead.context', $1, true)`, [context]);
        await identity.query(
          `select identity.write_event($1, 'session.forge', 'identity.session', null, null, null)`,
          [tenants],
        );
      } finally {
        await identity.query('rollback');
      }
    };
    await write([person.tenantId]);
    await assert.rejects(write([person.tenantId, other.tenantId]), { code: '42501' });
    const invite = { email: person.email, role: 'member', moduleRoles: [], companyIds: null } as const;
    const { token } = await inviteWithoutMail({ ...fixture.identity, session: other.session }, invite);
    const { memberId } = await acceptInvite(fixture.identity, { token, accountId: person.accountId });
    await write([person.tenantId, other.tenantId]);
    await removeMember(other.session, { memberId });
    await assert.rejects(write([other.tenantId]), { code: '42501' }, 'who left is no member any more');
    const { rows } = await superuser.query<{ text: string }>(
      `select pg_get_functiondef('identity.write_event(uuid[], text, text, uuid, json, json)'::regprocedure) as text`,
    );
    const text = rows[0]?.text ?? '';
    const check = 'd.tenant_id = named.id and ';
    assert.equal(text.split(check).length, 2);
    await superuser.query(text.replace(check, ''));
    await write([other.tenantId]);
    await superuser.query(text);
  });
});
