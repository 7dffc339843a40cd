import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noBreachedPasswords, PasswordRanges } from '@bulkhead/platform/identity';
import { configSchema } from '../config/schema.ts';
import { createBreachCheck } from './breachCheck.ts';

const { passwords } = configSchema.shape;
const breachCheckOf = (breachCheck: unknown) => passwords.safeParse({ breachCheck });

describe('whom a server asks about new passwords (AUT-5)', () => {
  it('is nobody by default, so that a server without the internet works', () => {
    const config = { passwords: passwords.parse(undefined) };
    assert.equal(config.passwords.breachCheck, 'off');
    const asked = createBreachCheck({ config, clock: Date.now, log: { warn: assert.fail } });
    assert.equal(asked, noBreachedPasswords);
  });

  it('is the service of the configuration, over https', () => {
    const url = 'https://api.pwnedpasswords.com/range';
    assert.equal(breachCheckOf(url).success, true);
    for (const refused of [
      'http://ranges.example.com',
      'on',
      '',
      `${url}?mode=ntlm`,
      'https://a:b@example.com',
      true,
    ]) {
      assert.equal(breachCheckOf(refused).success, false, String(refused));
    }
    const asked = createBreachCheck({
      config: { passwords: { breachCheck: url } },
      clock: Date.now,
      log: { warn: assert.fail },
    });
    assert.ok(asked instanceof PasswordRanges);
  });

  it('that cannot be reached is a line in the log, without the password', async () => {
    const lines: unknown[] = [];
    const asked = createBreachCheck({
      // A private address, which the guard opens to nobody.
      config: { passwords: { breachCheck: 'https://10.0.0.1/range/' } },
      clock: Date.now,
      log: { warn: (line: unknown) => void lines.push(line) },
    });
    assert.equal(await asked.isBreached('seven copper lanterns drift'), false);
    const [line] = lines as { event: string; passwords: number; error: { code: string } }[];
    assert.deepEqual([line?.event, line?.passwords, lines.length], ['breach_check_failed', 1, 1]);
    assert.equal(line?.error.code, 'destination_refused');
    assert.ok(!JSON.stringify(lines).includes('copper'));
  });
});
