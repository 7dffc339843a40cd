import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TenantPool, type TenantSession } from '@bulkhead/kernel';
import { openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import { platformAccess } from '../permission.ts';
import {
  endOperatorEntry,
  enterTenant,
  findTenants,
  listOperatorVisits,
  operatorPermissions,
  readOperatorEntry,
  type OperatorMode,
} from './index.ts';

const reason = 'Ticket 4711: totals of March are off';
const hour = 3_600_000;

describe('operators in a tenant (ACC-3)', () => {
  let fixture: Fixture;
  let pool: TenantPool;
  let operator: Person;
  before(async () => {
    fixture = await openFixture();
    pool = new TenantPool({ connection: fixture.database.connections.app, sealer: fixture.database.sealer });
    operator = await promoted();
  });
  after(async () => {
    await pool.close();
    await fixture.close();
  });

  async function promoted(): Promise<Person> {
    const person = await fixture.person();
    const owner = await fixture.connect('owner');
    await owner.query('select identity.promote_operator($1, $2)', [person.email, 'On call for support']);
    return person;
  }
  const as = (person: Person, tenantId: string): TenantSession =>
    pool.as({ tenant: tenantId, actor: { kind: 'operator', id: person.accountId } });
  const enter = (person: Person, tenantId: string, changes: { minutes?: number; reason?: string } = {}) =>
    enterTenant(as(person, tenantId), { reason, mode: 'read', minutes: 60, ...changes });
  /** As if the stays of a tenant had begun earlier. */
  const age = async (tenantId: string, milliseconds: number) => {
    const superuser = await fixture.connect('superuser');
    await superuser.query('alter table identity.operator_entry disable trigger user');
    await superuser.query(
      `update identity.operator_entry set expires_at = expires_at - $2 * interval '1 millisecond' where tenant_id = $1`,
      [tenantId, milliseconds],
    );
    await superuser.query('alter table identity.operator_entry enable trigger user');
  };
  const stay = (person: Person, tenantId: string) =>
    readOperatorEntry(fixture.identity, { accountId: person.accountId, tenantId });

  it('stay for a reason and a time, seen by the tenant from the first moment', async () => {
    const customer = await fixture.person();
    assert.equal(await stay(operator, customer.tenantId), null);
    const before = Date.now();
    const { entryId, expiresAt } = await enter(operator, customer.tenantId);
    assert.ok(expiresAt.getTime() >= before + hour && expiresAt.getTime() <= Date.now() + hour);
    const seen = { id: entryId, mode: 'read', reason, operatorName: 'Robin Vale', expiresAt };
    assert.deepEqual(await stay(operator, customer.tenantId), {
      ...seen,
      tenantName: 'Vale & Co',
      secondFactorRequired: false,
    });
    const [visit] = await listOperatorVisits(customer.session);
    assert.deepEqual({ ...visit, enteredAt: null }, { ...seen, enteredAt: null, endedAt: null });
    const { rows } = await customer.session.query<{ actor_kind: string; actor_id: string; reason: string }>(
      `select actor_kind, actor_id, after ->> 'reason' as reason from bulkhead.audit_log
       where target_type = 'identity.operator_entry'`,
    );
    assert.deepEqual(rows, [{ actor_kind: 'operator', actor_id: operator.accountId, reason }]);
    await assert.rejects(enter(operator, customer.tenantId), refusal('operator_entered'));
  });

  it('are out when the time is up, and may come again', async () => {
    const customer = await fixture.person();
    await enter(operator, customer.tenantId, { minutes: 240 });
    await age(customer.tenantId, 4 * hour);
    assert.equal(await stay(operator, customer.tenantId), null);
    await enter(operator, customer.tenantId);
    assert.ok(await stay(operator, customer.tenantId));
    await assert.rejects(
      enter(operator, (await fixture.person()).tenantId, { minutes: 241 }),
      refusal('input_invalid'),
    );
    await assert.rejects(
      enter(operator, (await fixture.person()).tenantId, { reason: 'because' }),
      refusal('input_invalid'),
    );
  });

  it('stay by the database’s clock: nothing an operator runs or sends makes a stay longer, or one that has ended live', async () => {
    const customer = await fixture.person();
    const session = as(operator, customer.tenantId);
    const later = `select identity.enter_tenant('${reason}', 'change', now() + interval '1 year', now() + interval '1 year 4 hours')`;
    await assert.rejects(session.query(later), { sqlstate: '42883' });
    await assert.rejects(enter(operator, customer.tenantId, { minutes: 0 }), refusal('input_invalid'));
    await enter(operator, customer.tenantId);
    await age(customer.tenantId, hour);
    const slow = { ...fixture.identity, clock: () => Date.now() - 2 * hour };
    const wanted = { accountId: operator.accountId, tenantId: customer.tenantId };
    assert.equal(await readOperatorEntry(slow, wanted), null);
  });

  it('are shown out by an owner, not by a member, and leave by themselves', async () => {
    const [customer, stranger] = [await fixture.person(), await fixture.person()];
    const first = await enter(operator, customer.tenantId);
    await assert.rejects(endOperatorEntry(stranger.session, first), refusal('operator_entry_missing'));
    await endOperatorEntry(customer.session, first);
    assert.equal(await stay(operator, customer.tenantId), null);
    const second = await enter(operator, customer.tenantId);
    await endOperatorEntry(as(operator, customer.tenantId), second);
    assert.equal(await stay(operator, customer.tenantId), null);
    assert.deepEqual(
      (await listOperatorVisits(customer.session)).map(({ endedAt }) => endedAt !== null),
      [true, true],
    );
  });

  it('lose every stay with their promotion', async () => {
    const [second, customer] = [await promoted(), await fixture.person()];
    await enter(second, customer.tenantId);
    const owner = await fixture.connect('owner');
    await owner.query('select identity.revoke_operator($1, $2)', [second.email, 'Left the support team']);
    assert.equal(await stay(second, customer.tenantId), null);
    await assert.rejects(enter(second, (await fixture.person()).tenantId), refusal('permission_refused'));
  });

  it('are nobody else: an account that was never promoted neither enters nor finds a tenant', async () => {
    const [person, customer] = [await fixture.person(), await fixture.person()];
    await assert.rejects(enter(person, customer.tenantId), refusal('permission_refused'));
    const session = fixture.as(customer.tenantId, customer.accountId);
    await assert.rejects(
      enterTenant(session, { reason, mode: 'read', minutes: 5 }),
      refusal('permission_refused'),
    );
    const look = (accountId: string) => findTenants(fixture.identity, { accountId, part: 'VALE' });
    assert.deepEqual(await look(person.accountId), []);
    assert.ok((await look(operator.accountId)).length > 1);
  });

  it('cannot write the row themselves, nor can anybody at runtime', async () => {
    const customer = await fixture.person();
    await assert.rejects(
      as(operator, customer.tenantId).query(
        `insert into identity.operator_entry (account_id, operator_name, reason, mode, expires_at)
         values ($1, 'x', 'because I may do so', 'change', now() + interval '1 year')`,
        [operator.accountId],
      ),
      { sqlstate: '42501' },
    );
  });
});

describe('what an operator may do in a tenant (ACC-3)', () => {
  const allowed = (mode: OperatorMode) =>
    operatorPermissions(mode, [
      ...platformAccess,
      { name: 'books', permissions: ['books:invoice.read', 'books:invoice.submit'], roles: {} },
    ]);

  it('is to look, or to change data; never members, roles, keys or the tenant itself', () => {
    assert.ok([...allowed('read')].every((permission) => permission.endsWith('.read')));
    const more = [...allowed('change')].filter((permission) => !allowed('read').has(permission));
    assert.deepEqual(more, ['books:invoice.submit']);
  });
});
