import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TenantPool, type TenantSession } from '@bulkhead/kernel';
import type pg from 'pg';
import { openFixture, type Fixture, type Person } from '../../test/fixture.ts';
import { systemRandomBytes } from '../random.ts';
import { createApiKey, openApiKey, revokeApiKey, type NewApiKey } from './apiKey/index.ts';
import { endOperatorEntry, enterTenant, readOperatorEntry } from './operator/index.ts';

const reason = 'Ticket 4711: totals of March are off';
const day = 24 * 60 * 60 * 1000;
const wanted: NewApiKey = {
  name: 'Nightly',
  kind: 'api_key',
  permissions: ['books:invoice.read'],
  companyIds: null,
  days: 1,
};

// Each control holds against its attack; taken out alone, it lets the same attack through.
describe('each control of API keys and operators’ stays is what stops its attack', () => {
  let fixture: Fixture;
  let owner: pg.Client;
  let pool: TenantPool;
  let operator: Person;
  before(async () => {
    fixture = await openFixture();
    owner = await fixture.connect('owner');
    pool = new TenantPool({ connection: fixture.database.connections.app, sealer: fixture.database.sealer });
    operator = await fixture.person();
    await owner.query('select identity.promote_operator($1, $2)', [operator.email, 'On call for support']);
  });
  after(async () => {
    await pool.close();
    await fixture.close();
  });

  const without = async (
    signature: string,
    { check, put = '' }: { check: string; put?: string },
    attack: () => Promise<boolean>,
  ): Promise<void> => {
    const { rows } = await owner.query<{ definition: string }>(
      'select pg_get_functiondef($1::regprocedure) as definition',
      [signature],
    );
    const sound = rows[0]?.definition ?? '';
    assert.ok(sound.includes(check), `${signature} holds: ${check}`);
    assert.equal(await attack(), false, 'the control holds');
    await owner.query(sound.replace(check, put));
    try {
      assert.equal(await attack(), true, 'without it the attack comes through');
    } finally {
      await owner.query(sound);
    }
    assert.equal(await attack(), false, 'the control is back');
  };
  const succeeds = (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      () => false,
    );
  const keyOf = (session: TenantSession, changes: Partial<NewApiKey> = {}) =>
    createApiKey(
      {
        session,
        held: new Set(['books:invoice.read']),
        clock: fixture.identity.clock,
        randomBytes: systemRandomBytes,
      },
      { ...wanted, ...changes },
    );
  const opens = async (token: string) => (await openApiKey(fixture.identity, token)) !== null;
  const asOperator = (person: Person, tenant: string) =>
    pool.as({ tenant, actor: { kind: 'operator', id: person.accountId } });
  const enter = (session: TenantSession, minutes = 60) =>
    enterTenant(session, { reason, mode: 'read', minutes });
  const isIn = async (tenantId: string) =>
    (await readOperatorEntry(fixture.identity, { accountId: operator.accountId, tenantId })) !== null;

  const opening = 'identity.api_key_of_context(text, timestamptz)';

  it('a revoked key opens nothing (ACC-4)', async () => {
    const { session, tenantId } = await fixture.person();
    const { key, token } = await keyOf(session);
    await revokeApiKey(session, { keyId: key.id });
    // Two things hide a revoked key: this condition, and the wall of the table, which a setting opens.
    const seen = await fixture.connect('identity');
    const attack = async (): Promise<boolean> => {
      await seen.query(`select set_config('bulkhead.deleted', 'visible', false)`);
      const context = fixture.database.sealer.seal({
        tenant: tenantId,
        actor: { kind: 'api_key', id: key.id },
      });
      const at = new Date(fixture.identity.clock());
      const { rowCount } = await seen.query('select from identity.api_key_of_context($1, $2)', [context, at]);
      return rowCount === 1;
    };
    assert.equal(await opens(token), false);
    await without(opening, { check: 'k.deleted_at is null and ' }, attack);
  });

  it('an expired key opens nothing (ACC-4)', async () => {
    const { session } = await fixture.person();
    const { token } = await keyOf(session);
    fixture.advance(day);
    await without(opening, { check: 'k.expires_at > at', put: 'true' }, () => opens(token));
  });

  it('the key of a disabled maker opens nothing (ACC-4)', async () => {
    const maker = await fixture.person();
    const { token } = await keyOf(maker.session);
    const superuser = await fixture.connect('superuser');
    await superuser.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'left' where id = $1`,
      [maker.accountId],
    );
    const check = `(k.kind = 'service' or a.disabled_at is null)`;
    await without(opening, { check, put: 'true' }, () => opens(token));
  });

  it('a key makes no key, whatever SQL is run as it (ACC-4, ISO-5)', async () => {
    const { session, tenantId, accountId } = await fixture.person();
    const { key } = await keyOf(session, { kind: 'service' });
    const program = pool.as({
      tenant: tenantId,
      actor: { kind: 'agent', id: key.id, onBehalfOf: accountId },
    });
    const check = `split_part(bulkhead.verified_context(), '.', 6) <> 'account' or `;
    await without('identity.create_api_key(jsonb, bytea, timestamptz)', { check }, () =>
      succeeds(keyOf(program)),
    );
  });

  it('a stay ends with its time (ACC-3)', async () => {
    const { tenantId } = await fixture.person();
    await enter(asOperator(operator, tenantId), 1);
    const superuser = await fixture.connect('superuser');
    await superuser.query('alter table identity.operator_entry disable trigger user');
    await superuser.query(
      `update identity.operator_entry set expires_at = expires_at - interval '1 minute' where tenant_id = $1`,
      [tenantId],
    );
    await superuser.query('alter table identity.operator_entry enable trigger user');
    await without(
      'identity.operator_entry_of_context(text)',
      { check: 'e.expires_at > clock_timestamp()', put: 'true' },
      () => isIn(tenantId),
    );
  });

  it('a stay ends when the tenant says so (ACC-3)', async () => {
    const customer = await fixture.person();
    const { entryId } = await enter(asOperator(operator, customer.tenantId));
    await endOperatorEntry(customer.session, { entryId });
    await without('identity.operator_entry_of_context(text)', { check: 'e.ended_at is null and ' }, () =>
      isIn(customer.tenantId),
    );
  });

  it('nobody enters who is not an operator (ACC-3)', async () => {
    const nobody = await fixture.person();
    const attack = async (): Promise<boolean> => {
      const { tenantId } = await fixture.person();
      return succeeds(enter(asOperator(nobody, tenantId)));
    };
    const superuser = await fixture.connect('superuser');
    assert.equal(await attack(), false);
    await superuser.query(
      `insert into identity.operator (account_id, reason) values ($1, 'slipped in by hand')`,
      [nobody.accountId],
    );
    assert.equal(await attack(), true, 'only the promotion stood in the way');
    await superuser.query(
      `update identity.operator set revoked_at = now(), revoked_reason = 'slipped in' where account_id = $1`,
      [nobody.accountId],
    );
    await without('identity.acting_operator()', { check: 'and o.revoked_at is null ' }, attack);
  });

  it('no stay lasts longer than four hours (ACC-3)', async () => {
    await without(
      'identity.enter_tenant(text, text, interval)',
      { check: ` or stay > interval '4 hours'` },
      async () => {
        const { tenantId } = await fixture.person();
        return succeeds(enter(asOperator(operator, tenantId), 241));
      },
    );
  });
});
