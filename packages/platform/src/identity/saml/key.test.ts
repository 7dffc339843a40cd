import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture } from '../../../test/fixture.ts';
import { samlKey } from './key.ts';

test('AUT-7 a key that the owner role deleted is replaced by another, on which all servers agree', async (t) => {
  const fixture = await openFixture();
  t.after(() => fixture.close());
  const [here, there] = [fixture.identity, fixture.anotherProcess()];
  const first = await samlKey(here);
  assert.deepEqual(await samlKey(there), first);
  const owner = await fixture.connect('owner');
  assert.equal((await owner.query('delete from identity.saml_key')).rowCount, 1);
  const [second, same] = await Promise.all([samlKey(here), samlKey(there)]);
  assert.notEqual(second.certificate, first.certificate);
  assert.deepEqual(same, second);
});
