import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, signedIn, type Fixture } from '../../test/fixture.ts';
import { readSession } from './readSession.ts';

const promote = 'select identity.promote_operator($1, $2) as id';
const reason = 'On call for support from January';

describe('operators (ACC-3)', () => {
  let fixture: Fixture;
  let owner: pg.Client;
  before(async () => {
    fixture = await openFixture();
    owner = await fixture.connect('owner');
  });
  after(() => fixture.close());

  const isOperator = async (email: string): Promise<boolean | undefined> => {
    const { token } = await signedIn(fixture.identity, { email });
    return (await readSession(fixture.identity, token))?.account.operator;
  };

  it('are promoted by the owner role, with a reason, and revoked', async () => {
    const { email, accountId } = await fixture.person();
    assert.equal(await isOperator(email), false);
    await owner.query(promote, [email.toUpperCase(), reason]);
    assert.equal(await isOperator(email), true);
    const { rows } = await owner.query(
      'select reason, promoted_by, revoked_at from identity.operator where account_id = $1',
      [accountId],
    );
    assert.deepEqual(rows, [{ reason, promoted_by: 'bulkhead_owner', revoked_at: null }]);
    await assert.rejects(owner.query(promote, [email, reason]), { constraint: 'operator_active_unique' });
    await owner.query('select identity.revoke_operator($1, $2)', [email, 'Left the support team']);
    assert.equal(await isOperator(email), false);
    await owner.query(promote, [email, reason]);
    assert.equal(await isOperator(email), true);
  });

  it('leave entries in the service’s own chain when promoted and revoked (AUD-1)', async () => {
    const { email, accountId } = await fixture.person();
    await owner.query(promote, [email, reason]);
    await owner.query('select identity.revoke_operator($1, $2)', [email, 'Left the support team']);
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query(
      `select tenant_id, actor_kind, action, detail ->> 'reason' as reason from bulkhead.audit_entry
       where detail ->> 'account_id' = $1 order by id`,
      [accountId],
    );
    const entry = { tenant_id: null, actor_kind: 'database' };
    assert.deepEqual(rows, [
      { ...entry, action: 'operator.promote', reason },
      { ...entry, action: 'operator.revoke', reason: 'Left the support team' },
    ]);
  });

  it('are refused without a reason, an account, or proof of the address', async () => {
    const [verified, squatter] = [await fixture.person(), await fixture.person({ verified: false })];
    await assert.rejects(owner.query(promote, [verified.email, 'too short']), {
      constraint: 'operator_reason_length',
    });
    await assert.rejects(owner.query(promote, ['unknown@example.org', reason]), {
      constraint: 'operator_account',
    });
    await assert.rejects(owner.query(promote, [squatter.email, reason]), {
      constraint: 'operator_account_verified',
    });
  });

  for (const role of ['app', 'identity', 'worker', 'auditor'] as const) {
    it(`cannot be made by bulkhead_${role}, whatever it sends`, async () => {
      const { email, accountId, tenantId } = await fixture.person();
      const client = await fixture.connect(role);
      const seal = fixture.database.sealer.seal({
        tenant: tenantId,
        actor: { kind: 'operator', id: accountId },
      });
      const attempts: [string, unknown[]][] = [
        [promote, [email, reason]],
        ['select identity.revoke_operator($1, $2)', [email, reason]],
        ['insert into identity.operator (account_id, reason) values ($1, $2)', [accountId, reason]],
        [
          `update identity.operator set revoked_at = null, revoked_reason = null where account_id = $1`,
          [accountId],
        ],
        ['delete from identity.operator', []],
        ['truncate identity.operator', []],
        ['set role bulkhead_owner', []],
        ['set session authorization bulkhead_owner', []],
        ['grant bulkhead_owner to current_user', []],
        ['alter table identity.operator disable trigger all', []],
        [
          'create or replace function identity.promote_operator(text, text) returns uuid language sql as $$select null::uuid$$',
          [],
        ],
      ];
      for (const [text, values] of attempts) {
        await client.query('begin read write');
        await client.query(`select set_config('bulkhead.context', $1, true)`, [seal]);
        await assert.rejects(client.query(text, values), { code: '42501' }, text);
        await client.query('rollback');
      }
      assert.equal(await isOperator(email), false);
    });
  }
});
