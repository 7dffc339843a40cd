import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { nobody, openFixture, refusal, type Fixture } from '../../test/fixture.ts';
import { acceptInvite, inviteWithoutMail } from '../access/index.ts';
import { requestEmailVerification, verifyEmail } from './emailVerification.ts';

const day = 24 * 3_600_000;

describe('verifyEmail', () => {
  let fixture: Fixture;
  let owner: pg.Client;
  before(async () => {
    fixture = await openFixture();
    owner = await fixture.connect('owner');
  });
  after(() => fixture.close());

  const verified = async (accountId: string): Promise<boolean | undefined> => {
    const { rows } = await owner.query<{ verified: boolean }>(
      'select email_verified_at is not null as verified from identity.account where id = $1',
      [accountId],
    );
    return rows[0]?.verified;
  };

  it('marks the address verified, once, and writes it down (AUD-1)', async () => {
    const { accountId, email } = await fixture.person({ verified: false });
    const request = await requestEmailVerification(fixture.identity, accountId);
    assert.equal(request.email, email);
    assert.deepEqual(await verifyEmail(fixture.identity, request.token), { accountId });
    assert.equal(await verified(accountId), true);
    await assert.rejects(verifyEmail(fixture.identity, request.token), refusal('link_invalid'));
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query(
      `select target_id from bulkhead.audit_entry
       where action = 'email.verify' and tenant_id is null and actor_id = $1`,
      [accountId],
    );
    assert.deepEqual(rows, [{ target_id: accountId }]);
  });

  it('works for one day and not a millisecond longer', async () => {
    const { accountId } = await fixture.person({ verified: false });
    const { token } = await requestEmailVerification(fixture.identity, accountId);
    fixture.advance(day);
    await assert.rejects(verifyEmail(fixture.identity, token), refusal('link_invalid'));
    assert.equal(await verified(accountId), false);
  });

  it('proves nothing about an address that the account no longer has', async () => {
    const { accountId } = await fixture.person({ verified: false });
    const { token } = await requestEmailVerification(fixture.identity, accountId);
    await owner.query(
      `update identity.account set email = 'moved@example.org', email_normalised = 'moved@example.org' where id = $1`,
      [accountId],
    );
    await assert.rejects(verifyEmail(fixture.identity, token), refusal('link_invalid'));
    assert.equal(await verified(accountId), false);
  });

  it('takes links of its own type only: an invite is no verification, a verification no invite (T-33)', async () => {
    const inviter = await fixture.person();
    const invitee = await fixture.person({ verified: false });
    const { token: invite } = await inviteWithoutMail(
      { ...fixture.identity, session: inviter.session },
      { email: invitee.email, role: 'member', moduleRoles: [], companyIds: null },
    );
    await assert.rejects(verifyEmail(fixture.identity, invite), refusal('link_invalid'));
    const { token } = await requestEmailVerification(fixture.identity, invitee.accountId);
    await assert.rejects(
      acceptInvite(fixture.identity, { token, accountId: invitee.accountId }),
      refusal('link_invalid'),
    );
    assert.deepEqual(await verifyEmail(fixture.identity, token), { accountId: invitee.accountId });
  });

  it('refuses an unknown account, and what is no token', async () => {
    await assert.rejects(requestEmailVerification(fixture.identity, nobody), refusal('account_missing'));
    await assert.rejects(verifyEmail(fixture.identity, 'x'), refusal('link_invalid'));
  });

  it('leaves a consumed link consumed, for every role', async () => {
    const { accountId } = await fixture.person();
    await assert.rejects(
      owner.query(`update identity.one_time_token set consumed_at = null where account_id = $1`, [accountId]),
      { constraint: 'one_time_token_live' },
    );
  });
});
