import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { systemRandomBytes } from '../../random.ts';
import { createClient, operatorRegistrar, type ClientRegistration } from './client.ts';

const shop = (id: string): ClientRegistration => ({
  id,
  name: 'Shop',
  firstParty: true,
  authentication: 'none',
  redirectUris: ['https://shop.example/callback'],
  postLogoutRedirectUris: [],
  refresh: false,
  mayCall: [],
  resourceScopes: [],
});

describe('whoever registers applications (AUT-8, ACC-3)', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  it('is an operator whose account is not disabled; mutation: unasked, a disabled one registers', async () => {
    const { accountId, email } = await fixture.person();
    const [owner, superuser] = [await fixture.connect('owner'), await fixture.connect('superuser')];
    const register = (id: string) =>
      createClient(operatorRegistrar(fixture.identity, accountId), shop(id), systemRandomBytes);
    await assert.rejects(register('shop-one'), refusal('permission_refused'));
    await owner.query('select identity.promote_operator($1, $2)', [email, 'Registers our applications']);
    await register('shop-two');
    await superuser.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'left' where id = $1`,
      [accountId],
    );
    await assert.rejects(register('shop-three'), refusal('permission_refused'));
    const { rows } = await superuser.query<{ text: string }>(
      `select pg_get_functiondef('identity.assert_registrar(text)'::regprocedure) as text`,
    );
    const text = rows[0]?.text ?? '';
    assert.equal(text.split('and a.disabled_at is null').length, 2);
    await superuser.query(text.replace('and a.disabled_at is null', ''));
    await register('shop-three');
    await superuser.query(text);
  });
});
