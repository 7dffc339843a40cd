import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../config/load.ts';
import { Secrets } from './secrets.ts';

const first = 'vR7-kQ2-mX9-tB4-wZ1';
const second = 'hN3-pL8-sD5-gJ6-yC0';
const changedAt = new Date('2026-03-01T00:00:00Z');

/** The secrets of a server on files that a test changes. */
function open(settings: readonly string[]) {
  const files = new Map(settings.map((setting) => [setting, first]));
  const state = { refusal: undefined as string | undefined, changedAt };
  const log: Record<string, unknown>[] = [];
  const secrets = new Secrets({
    config: {
      secretSources: settings.map((setting) => ({
        setting,
        variable: 'X',
        from: 'file' as const,
        path: setting,
        digest: digestOf(first),
      })),
    },
    log: {
      info: (line: object) => void log.push({ ...line }),
      warn: (line: object) => void log.push({ ...line }),
    },
    readText: (path) => {
      const text = files.get(path);
      return text === undefined
        ? Promise.reject(Object.assign(new Error(path), { code: 'ENOENT' }))
        : Promise.resolve(`${text}\n`);
    },
    inspect: () => Promise.resolve({ mode: 0o600, owner: 0, warning: undefined, ...state }),
    clock: () => changedAt.getTime() + 60_000,
  });
  return { secrets, files, state, log };
}

describe('secrets that are replaced while the server runs (OPS-6)', () => {
  it('of the rolling class are used from then on', async () => {
    const { secrets, files, log } = open(['mail.password']);
    await secrets.reload();
    assert.equal(secrets.replaced('mail.password'), undefined);
    files.set('mail.password', second);
    await secrets.reload();
    await secrets.reload();
    assert.equal(secrets.replaced('mail.password'), second);
    assert.deepEqual(log, [{ event: 'secret_reloaded', setting: 'mail.password' }]);
    files.set('mail.password', first);
    assert.equal(await secrets.latest('mail.password'), first, 'and back');
  });

  it('of the restart class say so, once, and no more when they are as before', async () => {
    const { secrets, files, log } = open(['encryption.key']);
    files.set('encryption.key', '1b'.repeat(8) + '8f3a1c5e7b9d0246f1e3d5c7b9a80214365870fa1b2c3d4e');
    await secrets.reload();
    await secrets.reload();
    assert.equal(secrets.replaced('encryption.key'), undefined);
    assert.deepEqual(log, [{ event: 'secret_restart_needed', setting: 'encryption.key' }]);
    assert.equal(secrets.states()[0]?.restartNeeded, true);
    files.set('encryption.key', first);
    await secrets.reload();
    assert.equal(secrets.states()[0]?.restartNeeded, false);
  });

  it('are not used when they are short, an example, missing or exposed: what was used stays', async () => {
    const { secrets, files, state, log } = open(['database.appPassword']);
    const problem = () => secrets.states()[0]?.problem;
    for (const [text, expected] of [
      ['short', /too short/],
      ['CHANGE_ME_vR7-kQ2-mX9', /placeholder/],
      ['', /too short/],
    ] as const) {
      files.set('database.appPassword', text);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await secrets.reload();
      assert.match(problem() ?? '', expected);
    }
    files.delete('database.appPassword');
    await secrets.reload();
    assert.equal(problem(), 'cannot be read (ENOENT)');
    files.set('database.appPassword', second);
    state.refusal = 'can be read by everybody';
    await secrets.reload();
    assert.equal(problem(), 'can be read by everybody');
    assert.equal(secrets.replaced('database.appPassword'), undefined);
    state.refusal = undefined;
    await secrets.reload();
    assert.equal(problem(), null);
    assert.equal(secrets.replaced('database.appPassword'), second);
    assert.ok(!JSON.stringify([log, secrets.states()]).includes(second), 'no value is told');
    assert.ok(!JSON.stringify(log).includes('CHANGE_ME'));
  });

  it('are not taken from a file that is still being written', async () => {
    const { secrets, files, state } = open(['mail.password']);
    files.set('mail.password', second);
    state.changedAt = new Date(changedAt.getTime() + 58_001);
    await secrets.reload();
    assert.equal(secrets.replaced('mail.password'), undefined);
    state.changedAt = new Date(changedAt.getTime() + 58_000);
    await secrets.reload();
    assert.equal(secrets.replaced('mail.password'), second);
  });

  it('of before end when their file is emptied or taken away', async () => {
    for (const end of ['empty', 'gone'] as const) {
      const { secrets, files, log } = open(['internal.previousSecret']);
      if (end === 'empty') files.set('internal.previousSecret', '');
      else files.delete('internal.previousSecret');
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await secrets.reload();
      // oxlint-disable-next-line no-await-in-loop
      await secrets.reload();
      assert.equal(secrets.replaced('internal.previousSecret'), '');
      assert.deepEqual(log, [{ event: 'secret_ended', setting: 'internal.previousSecret' }]);
    }
  });

  it('tell when they are to be replaced; one from the environment has no age', async () => {
    const { secrets } = open(['mail.password']);
    await secrets.reload();
    assert.deepEqual(secrets.states()[0]?.replaceBy, new Date('2026-08-28T00:00:00Z'));
    const baked = new Secrets({
      config: { secretSources: [{ setting: 'mail.password', variable: 'X', from: 'environment' }] },
      log: { info: () => {}, warn: () => {} },
    });
    await baked.reload();
    assert.partialDeepStrictEqual(baked.states()[0], {
      from: 'environment',
      replaceBy: null,
      warning: 'stands in the environment',
    });
  });
});
