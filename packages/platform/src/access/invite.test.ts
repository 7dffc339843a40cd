import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nobody, openFixture, refusal, signedIn, type Fixture, type Person } from '../../test/fixture.ts';
import { readSession } from '../identity/index.ts';
import { hashSecretToken } from '../identity/secretToken.ts';
import { acceptInvite } from './acceptInvite.ts';
import { inviteWithoutMail, listInvites, revokeInvite } from './invite.ts';
import { changeMember, listMembers, removeMember } from './member.ts';
import type { RoleAssignment } from './role.ts';

const plain: RoleAssignment = { role: 'member', moduleRoles: [], companyIds: null };
const week = 7 * 24 * 3_600_000;

describe('invites (ACC-2)', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  const invite = (host: Person, email: string, assignment = plain) =>
    inviteWithoutMail({ ...fixture.identity, session: host.session }, { ...assignment, email });
  const accept = (token: string, accountId: string) => acceptInvite(fixture.identity, { token, accountId });

  it('make the invited account a member with the roles they name', async () => {
    const [host, guest] = [await fixture.person({ companyName: 'North' }), await fixture.person()];
    const assignment = {
      role: 'member',
      moduleRoles: ['books:clerk'],
      companyIds: [host.companyId ?? ''],
    } as const;
    const created = await invite(host, guest.email.toUpperCase(), assignment);
    assert.equal(created.invite.email, guest.email);
    assert.equal(created.invite.invitedBy, host.accountId);
    assert.equal(created.invite.expiresAt.getTime(), fixture.identity.clock() + week);
    assert.deepEqual(
      (await listInvites(host.session)).map(({ id }) => id),
      [created.invite.id],
    );

    const { tenantId, memberId } = await accept(created.token, guest.accountId);
    assert.equal(tenantId, host.tenantId);
    const member = (await listMembers(host.session)).find(({ id }) => id === memberId);
    assert.deepEqual(
      { role: member?.role, moduleRoles: member?.moduleRoles, companyIds: member?.companyIds },
      assignment,
    );
    assert.deepEqual(await listInvites(host.session), []);
  });

  it('show in the invited person’s session at once', async () => {
    const [host, guest] = [await fixture.person(), await fixture.person()];
    const started = await signedIn(fixture.identity, { email: guest.email });
    assert.equal((await readSession(fixture.identity, started.token))?.memberships.length, 1);
    await accept((await invite(host, guest.email)).token, guest.accountId);
    assert.equal((await readSession(fixture.identity, started.token))?.memberships.length, 2);
  });

  it('refuse another account, even one that is verified and holds the link (T-36)', async () => {
    const [host, guest, thief] = [await fixture.person(), await fixture.person(), await fixture.person()];
    const { token } = await invite(host, guest.email);
    await assert.rejects(accept(token, thief.accountId), refusal('invite_other_address'));
    await assert.rejects(accept(token, host.accountId), refusal('invite_other_address'));
    await assert.rejects(accept(token, nobody), refusal('invite_other_address'));
    await accept(token, guest.accountId);
  });

  it('refuse the invited address while it is unverified (T-36)', async () => {
    const [host, squatter] = [await fixture.person(), await fixture.person({ verified: false })];
    const { token } = await invite(host, squatter.email);
    await assert.rejects(accept(token, squatter.accountId), refusal('email_unverified'));
    assert.equal((await listMembers(host.session)).length, 1);
  });

  it('lead into their own tenant whatever tenant the seal names (T-36)', async () => {
    const [host, other, guest] = [await fixture.person(), await fixture.person(), await fixture.person()];
    const { token } = await invite(host, guest.email);
    const hash = hashSecretToken(token);
    const client = await fixture.connect('identity');
    const seal = fixture.database.sealer.seal({
      tenant: other.tenantId,
      actor: { kind: 'account', id: guest.accountId },
    });
    await client.query('begin');
    await client.query(`select set_config('bulkhead.context', $1, true)`, [seal]);
    await assert.rejects(client.query('select identity.accept_invite($1, now())', [hash]), {
      constraint: 'one_time_token_live',
    });
    await client.query('rollback');
  });

  it('are good once, for one of many simultaneous acceptances', async () => {
    const [host, guest] = [await fixture.person(), await fixture.person()];
    const { token } = await invite(host, guest.email);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => accept(token, guest.accountId)),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        assert.equal((outcome.reason as { code: string }).code, 'link_invalid');
    }
    assert.equal((await listMembers(host.session)).length, 2);
  });

  it('expire after seven days, to the millisecond, and then make room for another', async () => {
    const [host, guest] = [await fixture.person(), await fixture.person()];
    const { token } = await invite(host, guest.email);
    await assert.rejects(invite(host, guest.email), refusal('invite_exists'));
    fixture.advance(week);
    await assert.rejects(accept(token, guest.accountId), refusal('link_invalid'));
    const again = await invite(host, guest.email);
    fixture.advance(week - 1);
    await accept(again.token, guest.accountId);
  });

  it('can be revoked', async () => {
    const [host, guest] = [await fixture.person(), await fixture.person()];
    const { token, invite: created } = await invite(host, guest.email);
    const inviting = { ...fixture.identity, session: host.session };
    await revokeInvite(inviting, { inviteId: created.id });
    await assert.rejects(accept(token, guest.accountId), refusal('link_invalid'));
    await assert.rejects(revokeInvite(inviting, { inviteId: created.id }), refusal('invite_missing'));
    assert.deepEqual(await listInvites(host.session), []);
  });

  it('are neither seen nor revoked from another tenant (ISO-3)', async () => {
    const [host, stranger, guest] = [await fixture.person(), await fixture.person(), await fixture.person()];
    const { token, invite: created } = await invite(host, guest.email);
    assert.deepEqual(await listInvites(stranger.session), []);
    await assert.rejects(
      revokeInvite({ ...fixture.identity, session: stranger.session }, { inviteId: created.id }),
      refusal('invite_missing'),
    );
    await accept(token, guest.accountId);
  });

  it('are made by owners and admins only, and no owner by an admin', async () => {
    const [host, guest] = [await fixture.person(), await fixture.person()];
    const { memberId } = await accept((await invite(host, guest.email)).token, guest.accountId);
    const asGuest: Person = { ...guest, session: fixture.as(host.tenantId, guest.accountId) };
    await assert.rejects(invite(asGuest, 'new@example.org'), refusal('permission_refused'));
    await changeMember(host.session, { memberId, ...plain, role: 'admin' });
    await assert.rejects(
      invite(asGuest, 'new@example.org', { ...plain, role: 'owner' }),
      refusal('permission_refused'),
    );
    const { invite: created } = await invite(asGuest, 'new@example.org');
    const ownerInvite = await invite(host, 'newer@example.org', { ...plain, role: 'owner' });
    const inviting = { ...fixture.identity, session: asGuest.session };
    await assert.rejects(
      revokeInvite(inviting, { inviteId: ownerInvite.invite.id }),
      refusal('permission_refused'),
    );
    await revokeInvite(inviting, { inviteId: created.id });
  });

  it('end with their inviter’s authority: nobody returns by an invite made in advance', async () => {
    const [host, admin, alias] = [await fixture.person(), await fixture.person(), await fixture.person()];
    const first = await invite(host, admin.email, { ...plain, role: 'admin' });
    const { memberId } = await accept(first.token, admin.accountId);
    const asAdmin: Person = { ...admin, session: fixture.as(host.tenantId, admin.accountId) };
    const { token } = await invite(asAdmin, alias.email, { ...plain, role: 'admin' });
    await changeMember(host.session, { memberId, ...plain });
    await assert.rejects(accept(token, alias.accountId), refusal('link_invalid'));
    await removeMember(host.session, { memberId });
    await assert.rejects(accept(token, alias.accountId), refusal('link_invalid'));
    assert.equal((await listMembers(host.session)).length, 1);
  });

  it('are refused to a member already', async () => {
    const host = await fixture.person();
    await assert.rejects(invite(host, host.email), refusal('already_member'));
  });

  it('are refused with impossible assignments', async () => {
    const [host, stranger] = [
      await fixture.person({ companyName: 'North' }),
      await fixture.person({ companyName: 'Abroad' }),
    ];
    const refused: [Partial<RoleAssignment>, string][] = [
      [{ role: 'god' as 'owner' }, 'role_invalid'],
      [{ role: 'owner', companyIds: [host.companyId ?? ''] }, 'role_invalid'],
      [{ companyIds: [] }, 'role_invalid'],
      [{ moduleRoles: ['Books:Clerk'] }, 'role_invalid'],
      [{ companyIds: [stranger.companyId ?? ''] }, 'company_missing'],
    ];
    for (const [change, code] of refused) {
      await assert.rejects(
        invite(host, 'x@example.org', { ...plain, ...change }),
        refusal(code),
        JSON.stringify(change),
      );
    }
    await assert.rejects(invite(host, 'x@example.org, y@example.org'), refusal('email_invalid'));
  });

  it('refuse what is no token, and a token nobody issued', async () => {
    const guest = await fixture.person();
    for (const token of ['', 'x', 'A'.repeat(43)]) {
      await assert.rejects(accept(token, guest.accountId), refusal('link_invalid'));
    }
  });
});
