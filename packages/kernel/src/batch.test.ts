import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { openFixture, tenantId, type Fixture } from '../test/fixture.ts';
import { straddlers } from './batch.ts';

const insert = 'insert into shop.item (name) values ($1)';

describe('batch', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  const count = async (tenant: number): Promise<unknown> => {
    const { rows } = await fixture.session(tenant).query('select count(*)::int as n from shop.item');
    return rows[0]?.['n'];
  };

  test('runs its members in one transaction and answers in order', async () => {
    const answers = await fixture.session(1).batch([
      { text: insert, values: ['a'] },
      { tenant: tenantId(1), text: 'select name from shop.item' },
    ]);
    assert.deepEqual(
      answers.map(({ rows }) => rows),
      [[], [{ name: 'a' }]],
    );
    const failing = fixture.session(1).batch([
      { text: insert, values: ['b'] },
      { text: insert, values: ['a'] },
    ]);
    await assert.rejects(failing, { code: 'already_exists' });
    assert.equal(await count(1), 1);
  });

  test('ISO-9: one member of another tenant refuses the whole batch, which is counted and audited', async () => {
    const pool = fixture.open();
    const request = { id: 'request-9', ip: '203.0.113.9' };
    const session = pool.as(fixture.session(2).context, request);
    const straddling = session.batch([
      { text: insert, values: ['mine'] },
      { tenant: tenantId(3), text: insert, values: ['theirs'] },
    ]);
    await assert.rejects(straddling, { code: 'batch_straddles_tenants' });
    assert.deepEqual([await count(2), await count(3)], [0, 0]);
    assert.deepEqual(pool.counters().refusals, { batch_straddles_tenants: 1 });
    const { rows } = await session.query(
      `select action, target_type, request_id, detail from bulkhead.audit_entry where action = 'batch.refused'`,
    );
    assert.deepEqual(rows, [
      {
        action: 'batch.refused',
        target_type: 'bulkhead.batch',
        request_id: 'request-9',
        detail: { members: 2, refused: [1] },
      },
    ]);
    const others = await fixture
      .session(3)
      .query(`select from bulkhead.audit_entry where action = 'batch.refused'`);
    assert.equal(others.rowCount, 0);
  });

  test('ISO-9: the members that straddle are exactly those that name another tenant', () => {
    const own = tenantId(1);
    const member = fc.record({ tenant: fc.constantFrom(undefined, own, own.toUpperCase(), tenantId(2), '') });
    fc.assert(
      fc.property(fc.array(member), (members) => {
        const expected = members.flatMap(({ tenant }, at) =>
          tenant === tenantId(2) || tenant === '' ? [at] : [],
        );
        assert.deepEqual(straddlers(own, members), expected);
      }),
    );
  });
});
