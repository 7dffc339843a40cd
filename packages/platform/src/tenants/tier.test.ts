import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { freshEmail, nobody, openFixture, refusal, type Fixture, type Person } from '../../test/fixture.ts';
import { acceptInvite } from '../access/acceptInvite.ts';
import { createApiKey } from '../access/apiKey/manage.ts';
import { inviteWithoutMail } from '../access/invite.ts';
import { systemRandomBytes } from '../random.ts';
import { listTiers, readTier, setTier } from './index.ts';

const job = { kind: 'job', id: randomUUID() } as const;

let fixture: Fixture;
let worker: pg.Client;
let owner: pg.Client;
before(async () => {
  fixture = await openFixture();
  worker = await fixture.connect('worker');
  owner = await fixture.connect('owner');
});
after(() => fixture.close());

const set = (tenantId: string, tier: string | null, setter: Parameters<typeof setTier>[1]['setter'] = job) =>
  setTier(
    { worker, sealer: fixture.database.sealer },
    { tenantId, tier, setter, reason: 'the test asks for it' },
  );
const nameOf = async ({ session }: Person) => (await readTier(session))?.name;

async function operator() {
  const person = await fixture.person();
  await owner.query('select identity.promote_operator($1, $2)', [person.email, 'On call for billing']);
  return { kind: 'operator', id: person.accountId } as const;
}

async function entries(tenantId: string) {
  const superuser = await fixture.connect('superuser');
  const { rows } = await superuser.query<{ action: string; actor_kind: string; after: object }>(
    `select action, actor_kind, after from bulkhead.audit_entry
     where tenant_id = $1 and target_type = 'tenants.tenant_tier' order by id`,
    [tenantId],
  );
  return rows;
}

describe('tiers (EDG-3)', () => {
  it('are the default until somebody says otherwise: an operator above billing, billing above the default', async () => {
    const person = await fixture.person();
    assert.equal(await nameOf(person), 'standard');
    assert.equal(await set(person.tenantId, 'business'), 'business');
    const staff = await operator();
    assert.equal(await set(person.tenantId, 'enterprise', staff), 'enterprise');
    assert.equal(await set(person.tenantId, 'free'), 'enterprise', 'billing does not undo an operator');
    assert.equal(await set(person.tenantId, null, staff), 'free');
    assert.equal(await set(person.tenantId, null), 'standard');
    assert.equal(await nameOf(await fixture.person()), 'standard', 'another tenant');
  });

  it('are audited with who set them, once a change', async () => {
    const person = await fixture.person();
    await set(person.tenantId, 'business');
    await set(person.tenantId, 'business');
    await set(person.tenantId, 'free', await operator());
    const written = await entries(person.tenantId);
    assert.deepEqual(
      written.map(({ action, actor_kind: kind }) => [action, kind]),
      [
        ['insert', 'job'],
        ['update', 'operator'],
      ],
    );
    assert.partialDeepStrictEqual(written[1]?.after, { billed_tier: 'business', granted_tier: 'free' });
  });

  it('hold what the default tier’s limits are, and are read by everybody', async () => {
    const { session } = await fixture.person();
    const tiers = await listTiers(session);
    assert.deepEqual(
      tiers.map(({ name }) => name),
      ['free', 'standard', 'business', 'enterprise'],
    );
    assert.deepEqual(await readTier(session), tiers[1]);
  });

  it('change with the default, for whoever was given none', async () => {
    const [person, other] = [await fixture.person(), await fixture.person()];
    await set(other.tenantId, 'business');
    try {
      await owner.query(`select tenants.set_default_tier('free')`);
      assert.equal(await nameOf(person), 'free');
      assert.equal(await nameOf(other), 'business');
    } finally {
      await owner.query(`select tenants.set_default_tier('standard')`);
    }
    await assert.rejects(owner.query(`select tenants.set_default_tier('golden')`), {
      constraint: 'tier_missing',
    });
    assert.equal(await nameOf(person), 'standard');
  });

  it('refuse a tier and a tenant that do not exist', async () => {
    const { tenantId } = await fixture.person();
    await assert.rejects(set(tenantId, 'golden'), refusal('tier_missing'));
    await assert.rejects(set(nobody, 'free'), refusal('tenant_missing'));
  });
});

describe('a tenant’s own people (EDG-3)', () => {
  it('cannot set its tier, nor what tiers hold', async () => {
    const { session } = await fixture.person();
    for (const text of [
      `update tenants.tenant_tier set granted_tier = 'enterprise'`,
      `insert into tenants.tenant_tier (granted_tier, reason) values ('enterprise', 'mine')`,
      `update tenants.tier set read_cap = 1000000`,
      `select tenants.set_tier(current_setting('bulkhead.context'), 'enterprise', 'mine')`,
      `select tenants.set_default_tier('enterprise')`,
    ]) {
      await assert.rejects(session.query(text), { sqlstate: '42501' }, text);
    }
  });

  it('cannot, by way of the worker’s role either: who acts is in the seal', async () => {
    const { tenantId, accountId } = await fixture.person();
    const { sealer } = fixture.database;
    const kinds = ['account', 'api_key', 'service', 'operator'] as const;
    for (const kind of kinds) {
      const context = sealer.seal({ tenant: tenantId, actor: { kind, id: accountId } });
      await assert.rejects(
        worker.query('select tenants.set_tier($1, $2, $3)', [context, 'enterprise', 'mine']),
        { code: '42501', constraint: 'tier_setter' },
        kind,
      );
    }
    await assert.rejects(worker.query(`select tenants.set_tier(null, 'enterprise', 'mine')`), {
      constraint: 'tier_setter',
    });
    const forged = sealer.seal({ tenant: tenantId, actor: job }).replace('.job.', '.job.'.toUpperCase());
    await assert.rejects(worker.query('select tenants.set_tier($1, $2, $3)', [forged, 'free', 'mine']), {
      code: '42501',
    });
  });

  it('are not left in billing’s context', async () => {
    const { tenantId } = await fixture.person();
    await worker.query('begin');
    await set(tenantId, 'business');
    const { rows } = await worker.query(`select current_setting('bulkhead.context', true) as context`);
    await worker.query('commit');
    assert.deepEqual(rows, [{ context: '' }]);
  });
});

describe('quotas of a tier', () => {
  const key = (person: Person, days = 90) =>
    createApiKey(
      {
        session: person.session,
        held: new Set(['books:invoice.read']),
        clock: Date.now,
        randomBytes: systemRandomBytes,
      },
      { name: 'Export', kind: 'api_key', permissions: ['books:invoice.read'], companyIds: null, days },
    );
  const join = async (host: Person) => {
    const guest = await fixture.person({ email: freshEmail() });
    const { token } = await inviteWithoutMail(
      { session: host.session, clock: fixture.identity.clock, randomBytes: systemRandomBytes },
      { email: guest.email, role: 'member', moduleRoles: [], companyIds: null },
    );
    return acceptInvite(fixture.identity, { token, accountId: guest.accountId });
  };

  it('hold API keys, at once or one after the other; a larger tier allows more', async () => {
    const person = await fixture.person();
    await set(person.tenantId, 'free');
    const made = await Promise.allSettled([key(person), key(person), key(person), key(person)]);
    const refused = made.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as { code: string }] : [],
    );
    assert.deepEqual(
      refused.map(({ code }) => code),
      ['quota_reached', 'quota_reached'],
    );
    await assert.rejects(key(person), refusal('quota_reached'));
    await set(person.tenantId, 'business');
    await key(person);
  });

  it('hold members, and leave the invite open', async () => {
    const host = await fixture.person();
    await set(host.tenantId, 'free');
    for (let index = 0; index < 4; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the fifth seat is the last
      await join(host);
    }
    await assert.rejects(join(host), refusal('quota_reached'));
    await set(host.tenantId, null);
    await join(host);
  });

  it('mutation: without the trigger nothing holds them', async () => {
    const person = await fixture.person();
    await set(person.tenantId, 'free');
    await owner.query('alter table identity.api_key disable trigger hold_quota');
    try {
      await Promise.all([key(person), key(person), key(person)]);
    } finally {
      await owner.query('alter table identity.api_key enable trigger hold_quota');
    }
  });
});
