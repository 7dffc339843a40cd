import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hash as bcryptHash } from '@node-rs/bcrypt';
import { parseOptions } from '@node-rs/argon2';
import { cheapPasswords, refusal } from '../../test/fixture.ts';
import { PasswordHasher } from './passwordHasher.ts';

const yes = { matches: true, upgradable: false };
const no = { matches: false, upgradable: false };

describe('PasswordHasher (AUT-5)', () => {
  it('hashes with Argon2id at OWASP cost or above, with a salt of its own each time', async () => {
    const hasher = new PasswordHasher();
    const [first, second] = await Promise.all([hasher.hash('drift'), hasher.hash('drift')]);
    assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.notEqual(first, second);
    assert.ok(parseOptions(first).saltLen >= 16);
    assert.deepEqual(await hasher.verify('drift', first), yes);
    assert.deepEqual(await hasher.verify('drifts', first), no);
  });

  it('compares the NFKC form', async () => {
    const hasher = cheapPasswords();
    assert.deepEqual(await hasher.verify('ｄｒｉｆｔ', await hasher.hash('drift')), yes);
  });

  it('answers no without a stored hash, even to the dummy’s own password', async () => {
    const hasher = cheapPasswords();
    assert.deepEqual(await hasher.verify('no account has this password', undefined), no);
  });

  it('asks for an upgrade of a cheaper hash', async () => {
    const stored = await cheapPasswords().hash('drift');
    const dearer = new PasswordHasher({ cost: { memoryCost: 16, timeCost: 1, parallelism: 1 } });
    assert.deepEqual(await dearer.verify('drift', stored), { matches: true, upgradable: true });
    assert.deepEqual(await dearer.verify('other', stored), no);
  });

  it('verifies imported bcrypt hashes of every prefix and asks for their upgrade', async () => {
    const hasher = cheapPasswords();
    const stored = await bcryptHash('drift', { cost: 4 });
    for (const prefix of ['$2a$', '$2b$', '$2y$']) {
      const imported = stored.replace(/^\$2.\$/, prefix);
      assert.deepEqual(await hasher.verify('drift', imported), { matches: true, upgradable: true });
      assert.deepEqual(await hasher.verify('drift!', imported), no);
    }
  });

  it('verifies a bcrypt hash of the form as typed, which other systems do not normalise', async () => {
    const stored = await bcryptHash('ｄｒｉｆｔ', { cost: 4 });
    assert.equal((await cheapPasswords().verify('ｄｒｉｆｔ', stored)).matches, true);
  });

  it('takes 72 bytes as bcrypt did, but upgrades no longer password: its tail was never checked', async () => {
    const hasher = cheapPasswords();
    const stem = 'x'.repeat(71);
    const stored = await bcryptHash(`${stem}y`, { cost: 4 });
    assert.deepEqual(await hasher.verify(`${stem}y`, stored), { matches: true, upgradable: true });
    assert.deepEqual(await hasher.verify(`${stem}y and a slip`, stored), yes);
    assert.deepEqual(await hasher.verify(`${stem}z`, stored), no);
  });

  it('does not let a NUL cut a bcrypt password short', async () => {
    const stored = await bcryptHash('drift', { cost: 4 });
    assert.deepEqual(await cheapPasswords().verify('drift\0wood', stored), no);
    assert.deepEqual(await cheapPasswords().verify('drift\0', stored), no);
  });

  it('computes a set number at once, lets a set number wait, and refuses the rest with busy', async () => {
    const cost = { memoryCost: 8, timeCost: 1, parallelism: 1 };
    const hasher = new PasswordHasher({ cost, concurrency: 2, queue: 3 });
    const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => hasher.hash('drift')));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [...Array<string>(5).fill('fulfilled'), ...Array<string>(4).fill('rejected')],
    );
    for (const outcome of outcomes.slice(5)) {
      assert.throws(() => {
        if (outcome.status === 'rejected') throw outcome.reason;
      }, refusal('busy'));
    }
    assert.ok(await hasher.hash('the queue is free again'));
  });

  it('gives a failed hash’s place to the next', async () => {
    const hasher = new PasswordHasher({
      cost: { memoryCost: 8, timeCost: 1, parallelism: 1 },
      concurrency: 1,
    });
    const broken = hasher.verify('drift', '$argon2id$broken');
    const next = hasher.hash('drift');
    await assert.rejects(broken);
    assert.ok(await next);
    assert.ok(await hasher.hash('drift'));
  });
});
