import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requestPasswordReset } from '@bulkhead/platform/identity';
import { openFixture } from '../../platform/test/fixture.ts';
import { openMail } from '../../platform/test/mail.ts';
import { interleave, rankTest } from '../../platform/test/rankTest.ts';
import { goodPassword, openServer, send, signUp } from './fixture.ts';
import type { Fixture } from './fixture.ts';

const samples = 2000;
const [known, unknown] = ['has-one@example.org', 'has-not@example.org'];
let fixture: Fixture;

before(async () => {
  fixture = await openServer();
  await signUp(fixture.url, { email: known });
});
after(async () => {
  await fixture.close();
});

for (const [path, input] of [
  ['/password-reset', (email: string) => ({ email })],
  ['/magic-link', (email: string) => ({ email })],
  [
    '/sign-up',
    (email: string) => ({ email, password: goodPassword, name: 'Ada Pilot', tenantName: 'Pilot Boats' }),
  ],
] as const) {
  test(`AUT-12 ${path}: time does not tell whether the address has an account (${samples} samples each)`, async (t) => {
    const ask = (email: string) => async () => {
      const { status } = await send(fixture.url, `/api${path}`, { json: input(email) });
      assert.equal(status, 202);
    };
    await interleave([ask(known), ask(unknown)], 100);
    const { superiority, z } = rankTest(...(await interleave([ask(known), ask(unknown)], samples)));
    t.diagnostic(`superiority ${superiority.toFixed(4)}, z ${z.toFixed(2)}`);
    // Beyond four standard deviations: once in 16,000 runs by chance.
    assert.ok(Math.abs(z) < 4, `superiority ${superiority}, z ${z}`);
    assert.ok(Math.abs(superiority - 0.5) < 0.05, `superiority ${superiority}`);
  });
}

test('AUT-12 the mutation: answering within the request is told apart', async () => {
  const platform = await openFixture();
  const mail = openMail(platform);
  try {
    await platform.person({ email: known });
    const ask = (email: string) => async () => {
      await requestPasswordReset(mail.links, { email });
      await mail.answer();
    };
    const { z } = rankTest(...(await interleave([ask(known), ask(unknown)], 300)));
    assert.ok(z > 4, `z ${z}`);
  } finally {
    await mail.close();
    await platform.close();
  }
});
