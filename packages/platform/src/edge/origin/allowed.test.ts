import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openFixture, type Fixture, type Person } from '../../../test/fixture.ts';
import { allowOrigin, isOriginNamed, listAllowedOrigins, withdrawOrigin } from './allowed.ts';

describe('origins that a tenant allows (EDG-1)', () => {
  let fixture: Fixture;
  let ann: Person;
  let bob: Person;
  before(async () => {
    fixture = await openFixture();
    ann = await fixture.person();
    bob = await fixture.person();
  });
  after(() => fixture.close());

  const named = (origin: string): Promise<boolean> => isOriginNamed(fixture.identity.pool, origin);
  const originsOf = async ({ session }: Person): Promise<string[]> =>
    (await listAllowedOrigins(session)).map(({ origin }) => origin);

  it('are none at first', async () => {
    assert.deepEqual(await listAllowedOrigins(ann.session), []);
    assert.equal(await named('https://shop.example.com'), false);
  });

  it('are the tenant’s own; the directory says that somebody allows one, and goes with the last', async () => {
    const origin = 'https://shop.example.com';
    const { id } = await allowOrigin(ann.session, { origin });
    assert.deepEqual(await originsOf(ann), [origin]);
    assert.deepEqual(await originsOf(bob), []);
    await assert.rejects(withdrawOrigin(bob.session, { originId: id }), { code: 'origin_missing' });
    const other = await allowOrigin(bob.session, { origin });
    assert.equal(await named(origin), true);
    await withdrawOrigin(ann.session, { originId: id });
    assert.deepEqual([await originsOf(ann), await named(origin)], [[], true]);
    await withdrawOrigin(bob.session, { originId: other.id });
    assert.equal(await named(origin), false);
    await assert.rejects(withdrawOrigin(ann.session, { originId: id }), { code: 'origin_missing' });
    assert.equal((await allowOrigin(ann.session, { origin })).origin, origin);
  });

  it('are named once, and are twenty at most', async () => {
    const full = await fixture.person();
    for (let port = 1; port <= 20; port += 1) {
      await allowOrigin(full.session, { origin: `https://shop.example.com:${port}` });
    }
    await assert.rejects(allowOrigin(full.session, { origin: 'https://one.more.example' }), {
      code: 'origin_limit',
    });
    await assert.rejects(allowOrigin(ann.session, { origin: 'https://shop.example.com' }), {
      code: 'origin_exists',
    });
  });

  it('leave an entry in the audit log, coming and going', async () => {
    const person = await fixture.person();
    const { id } = await allowOrigin(person.session, { origin: 'https://desk.example.com' });
    await withdrawOrigin(person.session, { originId: id });
    const { rows } = await person.session.query<{ action: string; origin: string }>(
      `select action, coalesce(after, before)->>'origin' as origin from bulkhead.audit_log
       where target_type = 'edge.allowed_origin' and target_id = $1 order by id`,
      [id],
    );
    assert.deepEqual(rows, [
      { action: 'insert', origin: 'https://desk.example.com' },
      { action: 'soft_delete', origin: 'https://desk.example.com' },
    ]);
  });

  it('are judged by the database too: form, and who may', async () => {
    for (const origin of [
      'null',
      '*',
      'https://*.example.com',
      'https://a.example:443',
      'https://a..example',
      'http://a.example',
      'https://a.example\nx',
    ]) {
      await assert.rejects(ann.session.query('select edge.allow_origin($1)', [origin]), {
        constraint: 'allowed_origin_form',
      });
    }
    // A member of no tenant of hers: Bob's account in Ann's tenant.
    const stranger = fixture.as(ann.tenantId, bob.accountId);
    await assert.rejects(allowOrigin(stranger, { origin: 'https://evil.example' }), {
      code: 'permission_refused',
    });
    await assert.rejects(
      ann.session.query(`insert into edge.allowed_origin (origin) values ('https://evil.example')`),
      { code: 'privilege_refused' },
    );
    await assert.rejects(ann.session.query('select * from edge.origin_directory'), {
      code: 'privilege_refused',
    });
  });

  it('are not asked about when they can be none', async () => {
    const pool = { query: () => assert.fail('asked') } as never;
    for (const origin of ['null', '', 'https://Shop.example.com', 'https://a.example/'])
      assert.equal(await isOriginNamed(pool, origin), false);
  });
});
