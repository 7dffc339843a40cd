import assert from 'node:assert/strict';
import { mkdtemp, chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestServer } from '../../../test/harness/index.ts';
import { openFixture } from '../test/fixture.ts';
import { DataError } from './errors.ts';

test('T-70: Postgres restarted under load: requests fail cleanly, the process lives, and they resume', async (t) => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'bulkhead-restart-'));
  await chmod(dataFolder, 0o711);
  t.after(() => rm(dataFolder, { recursive: true, force: true }));
  const first = await startTestServer({ dataFolder });
  const fixture = await openFixture({ server: first });
  const lost: Error[] = [];
  const pool = fixture.open({ events: { connectionLost: (error) => lost.push(error) } });
  const session = pool.as(fixture.session(1).context);
  await Promise.all(Array.from({ length: 10 }, () => session.query('select 1')));

  let up = true;
  let answered = 0;
  const failures: unknown[] = [];
  const resumed = Promise.withResolvers<void>();
  const load = async (): Promise<void> => {
    for (let done = false; !done;) {
      const waiting = new Promise((resolve) => setImmediate(resolve));
      try {
        await (answered % 2 === 0
          ? session.query('select 1')
          : session.transaction((tx) => tx.query('select 1')));
        answered += 1;
        done = up && failures.length > 0;
      } catch (error) {
        failures.push(error);
      }
      await waiting;
    }
    resumed.resolve();
  };
  const running = Promise.all([load(), load(), load(), load()]);
  up = false;
  await first.stop();
  const second = await startTestServer({ dataFolder, port: first.admin.port });
  t.after(() => second.stop());
  up = true;
  await running;
  await resumed.promise;

  assert.ok(failures.length > 0);
  for (const error of failures) {
    assert.ok(error instanceof DataError, String(error));
    assert.equal(error.code, 'database_unavailable');
  }
  assert.equal((await session.query('select 1')).rowCount, 1);
  await fixture.close();
});
