import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture } from '../../../test/fixture.ts';
import { openMail } from '../../../test/mail.ts';
import { purgeLinks } from './answer.ts';
import { requestPasswordReset } from './password.ts';

const day = 24 * 3_600_000;

test('T-33 a used link stays until 30 days after its expiry, so that it is refused by its row', async () => {
  const fixture = await openFixture();
  const mail = openMail(fixture);
  try {
    const { email } = await fixture.person();
    await requestPasswordReset(mail.links, { email });
    await mail.answer();
    const superuser = await fixture.connect('superuser');
    await superuser.query('update identity.one_time_token set consumed_at = now() where consumed_at is null');
    const left = async (): Promise<unknown> => {
      await purgeLinks({ pool: mail.worker, clock: fixture.identity.clock });
      const { rows } = await superuser.query<{ tokens: number; requests: number }>(
        `select (select count(*)::int from identity.one_time_token where type = 'password_reset') as tokens,
           (select count(*)::int from identity.link_request) as requests`,
      );
      return rows[0];
    };
    assert.deepEqual(await left(), { tokens: 1, requests: 1 });
    fixture.advance(30 * day);
    assert.deepEqual(await left(), { tokens: 1, requests: 1 });
    fixture.advance(3_600_001);
    assert.deepEqual(await left(), { tokens: 0, requests: 0 });
  } finally {
    await mail.close();
    await fixture.close();
  }
});
