import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { goodPassword, openFixture, type Fixture } from '../../test/fixture.ts';
import { rankTest } from '../../test/rankTest.ts';
import { PlatformError } from '../errors.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { PasswordHasher } from './passwordHasher.ts';
import { signIn } from './signIn.ts';

type RankTest = ReturnType<typeof rankTest>;

const samples = 2000;
/** Failures an address may have without being locked. */
const each = 4;

/**
 * What counts as a difference: one that chance does not explain (beyond four standard deviations, once in 16,000), and
 * that is more than a trace of the machine's own weather, which 2,000 samples also make significant: a value of one
 * group is the larger in more than 56 of 100 pairs.
 */
const differs = ({ z, superiority }: RankTest): boolean =>
  Math.abs(z) > 4 && Math.abs(superiority - 0.5) > 0.06;

// A hash as cheap as it can be while its absence would still show: what is compared is the path around it. With the
// real cost its own spread (milliseconds) would hide what is looked for (fractions of one).
const cost = { memoryCost: 512, timeCost: 1, parallelism: 1 };

describe('the time of a failed sign-in (AUT-12)', () => {
  let fixture: Fixture;
  let identity: IdentityDependencies;
  before(async () => {
    fixture = await openFixture();
    const passwords = new PasswordHasher({ cost });
    identity = { ...fixture.identity, passwords };
    const owner = await fixture.connect('superuser');
    const hash = await passwords.hash(goodPassword);
    for (const group of ['known', 'locked', 'control']) {
      // oxlint-disable-next-line no-await-in-loop -- three statements
      await owner.query(
        `with made as (
           insert into identity.account (id, email, email_normalised, name, created_at)
           select gen_random_uuid(), address, address, 'Robin Vale', now()
           from (select $1 || '-' || n || '@example.org' as address from generate_series(1, ${samples / each}) n) a
           returning id
         ) insert into identity.password (account_id, hash, changed_at) select id, $2, now() from made`,
        [group, hash],
      );
    }
    await owner.query('analyze identity.account; analyze identity.password');
  });
  after(() => fixture.close());

  const address = (group: string, sample: number): string =>
    `${group}-${1 + (sample % (samples / each))}@example.org`;

  const timeOf = async (email: string, on: IdentityDependencies): Promise<number> => {
    const begin = performance.now();
    const outcome = await signIn(on, { email, password: 'not the right one at all', device: {} }).catch(
      (error: unknown) => error,
    );
    const taken = performance.now() - begin;
    assert.ok(outcome instanceof PlatformError && outcome.code === 'sign_in_refused');
    return taken;
  };

  /** Both groups in turn, the order within each pair alternating, so that whatever else the machine does meets both. */
  const measure = async (
    groups: [string, string],
    on: IdentityDependencies,
  ): Promise<[number[], number[]]> => {
    const times: [number[], number[]] = [[], []];
    for (let sample = -100; sample < samples; sample += 1) {
      const inTurn: (0 | 1)[] = sample % 2 === 0 ? [0, 1] : [1, 0];
      for (const group of inTurn) {
        const email = sample < 0 ? `warming-${group}-${-sample}@example.org` : address(groups[group], sample);
        // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
        const taken = await timeOf(email, on);
        if (sample >= 0) times[group].push(taken);
      }
      // Locks are told of after the answer; none of that work may fall into another's time.
      // oxlint-disable-next-line no-await-in-loop -- in turn
      await on.background.settled();
    }
    return times;
  };

  const told = ({ z, superiority }: RankTest): string =>
    `z ${z.toFixed(2)}, superiority ${superiority.toFixed(3)}`;

  it('does not tell an account from none: 2,000 of each, by their ranks', async (context) => {
    const result = rankTest(...(await measure(['known', 'nobody'], identity)));
    context.diagnostic(told(result));
    assert.equal(differs(result), false, told(result));
  });

  it('does not tell them apart while they are locked, either', async (context) => {
    const client = await fixture.connect('superuser');
    for (const group of ['locked', 'absent']) {
      // oxlint-disable-next-line no-await-in-loop -- two statements
      await client.query(
        `insert into identity.sign_in_failure (address_hash, account_hash, occurred_at, failed_at)
         select sha256(convert_to(address, 'UTF8')), identity.sign_in_subject(a.id, sha256(convert_to(address, 'UTF8'))), $2, $2
         from (select $1 || '-' || n || '@example.org' as address from generate_series(1, ${samples / each}) n) s
         left join identity.account a on a.email_normalised = s.address, generate_series(1, 5)`,
        [group, new Date(identity.clock())],
      );
    }
    await client.query('analyze identity.sign_in_failure');
    const result = rankTest(...(await measure(['locked', 'absent'], identity)));
    context.diagnostic(told(result));
    assert.equal(differs(result), false, told(result));
  });

  it('mutation: a hash that is left out where there is no account is found by the same test', async (context) => {
    const passwords = new PasswordHasher({ cost });
    const verify = passwords.verify.bind(passwords);
    passwords.verify = async (typed, stored) =>
      stored === undefined ? { matches: false, upgradable: false } : verify(typed, stored);
    const result = rankTest(...(await measure(['control', 'missing'], { ...identity, passwords })));
    context.diagnostic(told(result));
    assert.equal(differs(result), true, told(result));
  });
});
