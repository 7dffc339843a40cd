import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openFixture, type Fixture } from '../test/fixture.ts';

describe('TenantPool', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  test('ISO-4: each tenant sees its own rows only', async () => {
    const [one, two] = [fixture.session(1), fixture.session(2)];
    await one.query('insert into shop.item (name) values ($1)', ['of one']);
    await two.query('insert into shop.item (name) values ($1)', ['of two']);
    const { rows } = await one.query('select name, tenant_id from shop.item');
    assert.deepEqual(rows, [{ name: 'of one', tenant_id: one.context.tenant }]);
  });
});
