import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { nobody, openFixture, refusal, type Fixture, type Person } from '../../test/fixture.ts';
import { createCompany } from '../tenants/index.ts';
import { acceptInvite } from './acceptInvite.ts';
import { inviteWithoutMail } from './invite.ts';
import { changeMember, listMembers, removeMember, type Member } from './member.ts';
import type { RoleAssignment } from './role.ts';

const plain: RoleAssignment = { role: 'member', moduleRoles: [], companyIds: null };
const asOwner: RoleAssignment = { ...plain, role: 'owner' };
const asAdmin: RoleAssignment = { ...plain, role: 'admin' };

describe('members', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  /** A person who has joined the tenant of `host`, seeing that tenant. */
  const join = async (host: Person, assignment: RoleAssignment): Promise<Person & { memberId: string }> => {
    const guest = await fixture.person();
    const { token } = await inviteWithoutMail(
      { ...fixture.identity, session: host.session },
      { ...assignment, email: guest.email },
    );
    const { memberId, tenantId } = await acceptInvite(fixture.identity, {
      token,
      accountId: guest.accountId,
    });
    return { ...guest, tenantId, memberId, session: fixture.as(tenantId, guest.accountId) };
  };
  const membershipOf = async (person: Person): Promise<Member> =>
    (await listMembers(person.session)).find(({ accountId }) => accountId === person.accountId) ??
    assert.fail('not a member');

  it('are listed with name and address, those of the context’s tenant alone', async () => {
    const [host, stranger] = [await fixture.person(), await fixture.person()];
    const guest = await join(host, { ...plain, moduleRoles: ['books:clerk'] });
    const members = await listMembers(host.session);
    assert.deepEqual(
      members
        .map(({ email, role, moduleRoles }) => ({ email, role, moduleRoles }))
        .toSorted((a, b) => (a.role < b.role ? 1 : -1)),
      [
        { email: host.email, role: 'owner', moduleRoles: [] },
        { email: guest.email, role: 'member', moduleRoles: ['books:clerk'] },
      ],
    );
    assert.ok(!JSON.stringify(members).includes(stranger.email));
  });

  it('change role, module roles and companies', async () => {
    const host = await fixture.person({ companyName: 'North' });
    const guest = await join(host, plain);
    const assignment = {
      role: 'member',
      moduleRoles: ['books:viewer'],
      companyIds: [host.companyId ?? ''],
    } as const;
    const changed = await changeMember(host.session, { memberId: guest.memberId, ...assignment });
    assert.deepEqual(
      { role: changed.role, moduleRoles: changed.moduleRoles, companyIds: changed.companyIds },
      assignment,
    );
  });

  it('are left alone by whoever lacks the authority, as the database itself sees it (ACC-1, ACC-3)', async () => {
    const host = await fixture.person();
    const [admin, otherAdmin, member] = [
      await join(host, asAdmin),
      await join(host, asAdmin),
      await join(host, plain),
    ];
    const ownerId = (await membershipOf(host)).id;
    const refused: [Person, string, RoleAssignment][] = [
      [member, member.memberId, asOwner],
      [member, member.memberId, { ...plain, moduleRoles: ['books:accountant'] }],
      [member, admin.memberId, plain],
      [member, ownerId, plain],
      [admin, admin.memberId, asOwner],
      [admin, member.memberId, asOwner],
      [admin, ownerId, plain],
      [admin, ownerId, asOwner],
    ];
    for (const [actor, memberId, assignment] of refused) {
      await assert.rejects(
        changeMember(actor.session, { memberId, ...assignment }),
        refusal('permission_refused'),
      );
    }
    for (const [actor, memberId] of [
      [member, admin.memberId],
      [admin, ownerId],
    ] as const) {
      await assert.rejects(removeMember(actor.session, { memberId }), refusal('permission_refused'));
    }
    await changeMember(admin.session, { memberId: member.memberId, ...asAdmin });
    await changeMember(admin.session, { memberId: otherAdmin.memberId, ...plain });
    await removeMember(admin.session, { memberId: member.memberId });
    await changeMember(host.session, { memberId: otherAdmin.memberId, ...asOwner });
  });

  it('lose their authority with their role, at once', async () => {
    const host = await fixture.person();
    const [admin, member] = [await join(host, asAdmin), await join(host, plain)];
    await changeMember(host.session, { memberId: admin.memberId, ...plain });
    await assert.rejects(
      changeMember(admin.session, { memberId: member.memberId, ...asAdmin }),
      refusal('permission_refused'),
    );
    await removeMember(host.session, { memberId: admin.memberId });
    await assert.rejects(
      removeMember(admin.session, { memberId: member.memberId }),
      refusal('permission_refused'),
    );
  });

  it('of another tenant are missing, to an owner there too (ISO-3)', async () => {
    const [host, stranger] = [await fixture.person(), await fixture.person()];
    const memberId = (await membershipOf(host)).id;
    for (const id of [memberId, nobody]) {
      await assert.rejects(
        changeMember(stranger.session, { memberId: id, ...plain }),
        refusal('member_missing'),
      );
      await assert.rejects(removeMember(stranger.session, { memberId: id }), refusal('member_missing'));
    }
    const intruding = fixture.as(host.tenantId, stranger.accountId);
    await assert.rejects(changeMember(intruding, { memberId, ...asOwner }), refusal('permission_refused'));
  });

  it('may leave, and come back as a new membership', async () => {
    const host = await fixture.person();
    const guest = await join(host, plain);
    await removeMember(guest.session, { memberId: guest.memberId });
    assert.equal((await listMembers(host.session)).length, 1);
    const { token } = await inviteWithoutMail(
      { ...fixture.identity, session: host.session },
      { ...plain, email: guest.email },
    );
    const again = await acceptInvite(fixture.identity, { token, accountId: guest.accountId });
    assert.notEqual(again.memberId, guest.memberId);
  });

  it('keep an owner: the last can neither leave nor step down', async () => {
    const host = await fixture.person();
    await join(host, asAdmin);
    const memberId = (await membershipOf(host)).id;
    await assert.rejects(removeMember(host.session, { memberId }), refusal('last_owner'));
    await assert.rejects(changeMember(host.session, { memberId, ...asAdmin }), refusal('last_owner'));
    await join(host, asOwner);
    await changeMember(host.session, { memberId, ...plain });
  });

  it('refuse impossible assignments', async () => {
    const [host, stranger] = [
      await fixture.person({ companyName: 'North' }),
      await fixture.person({ companyName: 'Abroad' }),
    ];
    const guest = await join(host, plain);
    const own = host.companyId ?? '';
    const refused: [Partial<RoleAssignment>, string][] = [
      [{ role: 'god' as 'owner' }, 'role_invalid'],
      [{ role: 'admin', companyIds: [own] }, 'role_invalid'],
      [{ companyIds: [] }, 'role_invalid'],
      [{ moduleRoles: ['books'] }, 'role_invalid'],
      [{ moduleRoles: ['books:clerk', 'books:clerk'] }, 'role_invalid'],
      [{ companyIds: [stranger.companyId ?? ''] }, 'company_missing'],
      [{ companyIds: [own, nobody] }, 'company_missing'],
      [{ companyIds: [own, own] }, 'company_missing'],
    ];
    for (const [change, code] of refused) {
      await assert.rejects(
        changeMember(host.session, { memberId: guest.memberId, ...plain, ...change }),
        refusal(code),
        JSON.stringify(change),
      );
    }
  });

  it('cannot be limited to a company that is being closed meanwhile', async () => {
    const host = await fixture.person();
    const guest = await join(host, plain);
    const company = await createCompany(host.session, { name: 'Closing' });
    const observer = await fixture.connect('superuser');
    const limiting = await host.session.transaction(async (tx) => {
      await tx.query('update tenants.company set deleted_at = now() where id = $1', [company.id]);
      const change = { memberId: guest.memberId, ...plain, companyIds: [company.id] };
      const outcome = changeMember(host.session, change).then(
        () => 'limited',
        (error: { code?: string }) => error.code,
      );
      await waitForLock(observer);
      return { outcome };
    });
    assert.equal(await limiting.outcome, 'company_missing');
  });

  it('keep an owner when two step down at the same moment', async () => {
    const host = await fixture.person();
    const second = await join(host, asOwner);
    const hostId = (await membershipOf(host)).id;
    const outcomes = await Promise.allSettled([
      changeMember(host.session, { memberId: hostId, ...plain }),
      changeMember(second.session, { memberId: second.memberId, ...plain }),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const owners = (await listMembers(host.session)).filter(({ role }) => role === 'owner');
    assert.equal(owners.length, 1);
  });

  for (const isolation of ['read committed', 'repeatable read', 'serializable']) {
    it(`keep an owner against interleaved updates at ${isolation}, by trigger alone`, async () => {
      const host = await fixture.person();
      const second = await join(host, asOwner);
      const hostId = (await membershipOf(host)).id;
      const seal = fixture.database.sealer.seal({
        tenant: host.tenantId,
        actor: { kind: 'account', id: host.accountId },
      });
      const [a, b] = [await fixture.connect('owner'), await fixture.connect('owner')];
      const demote = `update identity.membership set role = 'member' where id = $1`;
      for (const client of [a, b]) {
        await client.query(`begin isolation level ${isolation}`);
        await client.query(`select set_config('bulkhead.context', $1, true)`, [seal]);
        await client.query('select count(*) from identity.membership');
      }
      await a.query(demote, [hostId]);
      const blocked = b.query(demote, [second.memberId]).then(
        () => 'demoted',
        (error: { code?: string }) => error.code,
      );
      await waitForLock(await fixture.connect('superuser'));
      await a.query('commit');
      const outcome = await blocked;
      assert.ok(outcome === '23514' || outcome === '40001', `second demotion: ${outcome}`);
      await b.query('rollback');
      assert.equal((await listMembers(second.session)).filter(({ role }) => role === 'owner').length, 1);
    });
  }

  async function waitForLock(observer: pg.Client): Promise<void> {
    for (;;) {
      const { rowCount } = await observer.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rowCount !== 0) return;
    }
  }
});
