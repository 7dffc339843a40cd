import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, signedIn, type Fixture, type Person } from '../test/fixture.ts';
import {
  acceptInvite,
  changeMember,
  inviteWithoutMail,
  listMembers,
  removeMember,
  type RoleAssignment,
} from './access/index.ts';
import { readSession, SessionCache, signOut, type IdentityDependencies } from './identity/index.ts';

const plain: RoleAssignment = { role: 'member', moduleRoles: [], companyIds: null };

/** A control taken out: the statement that does it, and the one that puts it back. */
type Mutation = { apply: string; undo: string };

async function rolledBack(client: pg.Client, text: string): Promise<pg.QueryResult> {
  await client.query('begin');
  try {
    return await client.query(text);
  } finally {
    await client.query('rollback');
  }
}

// Each control is attacked as it stands and must hold; then it alone is taken out, and the same attack must succeed.
// What still failed then would be held by something else, and the test of the control would prove nothing.
describe('each control of the platform schema is what stops its attack', () => {
  let fixture: Fixture;
  let owner: pg.Client;
  before(async () => {
    fixture = await openFixture();
    owner = await fixture.connect('owner');
  });
  after(() => fixture.close());

  const proves = async (mutation: Mutation, attack: () => Promise<unknown>): Promise<void> => {
    await assert.rejects(attack(), 'the control holds');
    await owner.query(mutation.apply);
    try {
      await attack();
    } finally {
      await owner.query(mutation.undo);
    }
    await assert.rejects(attack(), 'the control is back');
  };
  const inFunction = async (signature: string, from: string, to: string): Promise<Mutation> => {
    const { rows } = await owner.query<{ definition: string }>(
      'select pg_get_functiondef($1::regprocedure) as definition',
      [signature],
    );
    const undo = rows[0]?.definition ?? '';
    assert.ok(undo.includes(from), `${signature} holds: ${from}`);
    return { apply: undo.replace(from, to), undo };
  };
  const withoutTrigger = (table: string, trigger: string): Mutation => ({
    apply: `alter table ${table} disable trigger ${trigger}`,
    undo: `alter table ${table} enable trigger ${trigger}`,
  });
  const asIdentity = async (tenant: string, account: string, text: string): Promise<pg.QueryResult> => {
    const client = await fixture.connect('identity');
    const seal = fixture.database.sealer.seal({ tenant, actor: { kind: 'account', id: account } });
    await client.query(`select set_config('bulkhead.context', $1, false)`, [seal]);
    return rolledBack(client, text);
  };
  const invited = async (guest: Person, thief: Person): Promise<() => Promise<unknown>> => {
    const host = await fixture.person();
    const inviting = { ...fixture.identity, session: host.session };
    // Each attempt has an invite of its own, because one that succeeds consumes it and makes a member.
    return async () => {
      const { token, invite } = await inviteWithoutMail(inviting, { ...plain, email: guest.email });
      try {
        const { memberId } = await acceptInvite(fixture.identity, { token, accountId: thief.accountId });
        await removeMember(host.session, { memberId });
      } finally {
        const client = await fixture.connect('superuser');
        await client.query(
          'update identity.invite set deleted_at = now() where id = $1 and accepted_at is null',
          [invite.id],
        );
      }
    };
  };

  it('the invite’s address (T-36)', async () => {
    const [guest, thief] = [await fixture.person(), await fixture.person()];
    const check = 'accepting.email_normalised is distinct from invited.email_normalised';
    const mutation = await inFunction('identity.accept_invite(bytea, timestamptz)', check, 'false');
    await proves(mutation, await invited(guest, thief));
  });

  it('the invited address’s verification (T-36)', async () => {
    const squatter = await fixture.person({ verified: false });
    const check = 'accepting.email_verified_at is null';
    const mutation = await inFunction('identity.accept_invite(bytea, timestamptz)', check, 'false');
    await proves(mutation, await invited(squatter, squatter));
  });

  it('the authority of an invite’s inviter (ACC-2)', async () => {
    const [host, admin, alias] = [await fixture.person(), await fixture.person(), await fixture.person()];
    const first = await inviteWithoutMail(
      { ...fixture.identity, session: host.session },
      { ...plain, role: 'admin', email: admin.email },
    );
    const { memberId } = await acceptInvite(fixture.identity, {
      token: first.token,
      accountId: admin.accountId,
    });
    const inviting = { ...fixture.identity, session: fixture.as(host.tenantId, admin.accountId) };
    const { token } = await inviteWithoutMail(inviting, { ...plain, email: alias.email });
    await removeMember(host.session, { memberId });
    const check = 'not identity.has_authority(inviting_role, invited.role)';
    const mutation = await inFunction('identity.accept_invite(bytea, timestamptz)', check, 'false');
    await proves(mutation, () => acceptInvite(fixture.identity, { token, accountId: alias.accountId }));
  });

  it('the acting account’s role (ACC-1)', async () => {
    const [host, guest] = [await fixture.person(), await fixture.person()];
    const inviting = { ...fixture.identity, session: host.session };
    const { token } = await inviteWithoutMail(inviting, { ...plain, email: guest.email });
    const { memberId } = await acceptInvite(fixture.identity, { token, accountId: guest.accountId });
    const mutation = await inFunction(
      'identity.has_authority(text, text[])',
      `acting = 'owner'::text`,
      `acting = any (array['owner', 'member'])`,
    );
    await proves(mutation, async () => {
      await changeMember(fixture.as(host.tenantId, guest.accountId), { memberId, ...plain, role: 'owner' });
      await changeMember(host.session, { memberId, ...plain });
    });
  });

  it('the last owner', async () => {
    const host = await fixture.person();
    const memberId = (await listMembers(host.session))[0]?.id ?? '';
    const superuser = await fixture.connect('superuser');
    await proves(withoutTrigger('identity.membership', 'keep_an_owner'), async () => {
      await changeMember(host.session, { memberId, ...plain });
      await superuser.query(`update identity.membership set role = 'owner' where id = $1`, [memberId]);
    });
  });

  it('companies of the own tenant', async () => {
    const [host, stranger] = [await fixture.person(), await fixture.person({ companyName: 'Abroad' })];
    const inviting = { ...fixture.identity, session: host.session };
    const superuser = await fixture.connect('superuser');
    await proves(withoutTrigger('identity.invite', 'check_companies'), async () => {
      const companyIds = [stranger.companyId ?? ''];
      const { invite } = await inviteWithoutMail(inviting, { ...plain, companyIds, email: 'x@example.org' });
      await superuser.query('update identity.invite set deleted_at = now() where id = $1', [invite.id]);
    });
  });

  it('the founding of a tenant that exists (ACC-3)', async () => {
    const [host, intruder] = [await fixture.person(), await fixture.person()];
    const mutation = await inFunction(
      'tenants.create_tenant(text, text)',
      'values (tenant, tenant, tenant_name)',
      'values (tenant, tenant, tenant_name) on conflict do nothing',
    );
    await proves(mutation, () =>
      asIdentity(host.tenantId, intruder.accountId, `select tenants.create_tenant('Mine', null)`),
    );
  });

  it('the seal on membership look-ups', async () => {
    const [robin, other] = [await fixture.person(), await fixture.person()];
    const policy = 'alter policy membership_of_account on identity.membership using';
    const mutation = {
      apply: `${policy} (true)`,
      undo: `${policy} (account_id = (select bulkhead.account_id()) and deleted_at is null)`,
    };
    await proves(mutation, async () => {
      const seen = await asIdentity(
        robin.tenantId,
        robin.accountId,
        'select account_id from identity.membership',
      );
      assert.ok(seen.rows.some((row: { account_id: string }) => row.account_id === other.accountId));
    });
  });

  it('the end of a session (T-31)', async () => {
    const { email } = await fixture.person();
    const { token, sessionId } = await signedIn(fixture.identity, { email });
    await signOut(fixture.identity, token);
    await proves(withoutTrigger('identity.session', 'keep_session_ended'), async () => {
      const client = await fixture.connect('identity');
      await client.query('update identity.session set ended_at = null, ended_reason = null where id = $1', [
        sessionId,
      ]);
      assert.ok(await readSession(fixture.identity, token));
      await signOut(fixture.identity, token);
    });
  });

  it('the single use of a link (T-33)', async () => {
    await fixture.person();
    const revival = 'update identity.one_time_token set consumed_at = null';
    const client = await fixture.connect('identity');
    await proves(withoutTrigger('identity.one_time_token', 'keep_token_consumed'), () =>
      rolledBack(client, revival),
    );
  });

  it('the privileges on operators (ACC-3)', async () => {
    const { accountId } = await fixture.person();
    const promotion = `insert into identity.operator (account_id, reason) values ('${accountId}', 'because I can')`;
    const client = await fixture.connect('identity');
    const mutation = {
      apply: 'grant insert on identity.operator to bulkhead_identity',
      undo: 'revoke insert on identity.operator from bulkhead_identity',
    };
    await proves(mutation, () => rolledBack(client, promotion));
  });

  it('the cache’s eviction at sign-out', async () => {
    const { email } = await fixture.person();
    class Forgetless extends SessionCache {
      override forget(): void {}
      override forgetAccount(): void {}
    }
    const signedOut = async (identity: IdentityDependencies): Promise<boolean> => {
      const { token } = await signedIn(identity, { email });
      await readSession(identity, token);
      await signOut(identity, token);
      return (await readSession(identity, token)) === null;
    };
    assert.equal(await signedOut(fixture.identity), true);
    const sessions = new Forgetless({ clock: fixture.identity.clock });
    assert.equal(await signedOut({ ...fixture.identity, sessions }), false);
  });
});
