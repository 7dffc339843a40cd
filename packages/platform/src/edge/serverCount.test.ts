import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, type Fixture } from '../../test/fixture.ts';
import { ServerCount, type ServerCountOptions } from './serverCount.ts';

type Change = Parameters<ServerCountOptions['onChange']>[0];

describe('how many servers there are (EDG-2)', () => {
  let fixture: Fixture;
  let worker: pg.Client;
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    [worker, superuser] = [await fixture.connect('worker'), await fixture.connect('superuser')];
  });
  after(() => fixture.close());

  const open = (changes: Change[], configured: number) =>
    new ServerCount({
      worker,
      serverId: randomUUID(),
      configured,
      onChange: (change) => void changes.push(change),
    });
  const beats = async (server: ServerCount, times: number) => {
    for (let n = 0; n < times; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one look after another
      await server.beat();
    }
  };
  const aged = (interval: string) =>
    superuser.query(`update edge.server_beat set seen_at = seen_at - $1::interval`, [interval]);

  it('is told when there are more than configured for some minutes, once, and when it is right again', async () => {
    const changes: Change[] = [];
    const [first, second] = [open(changes, 1), open([], 1)];
    await beats(first, 10);
    assert.deepEqual(changes, []);
    await second.beat();
    await beats(first, 5);
    assert.deepEqual(changes, [], 'servers are being replaced, perhaps');
    await beats(first, 5);
    assert.deepEqual(changes, [{ running: 2, configured: 1, tooMany: true }]);
    await aged('4 minutes');
    await beats(first, 2);
    assert.deepEqual(changes.slice(1), [{ running: 1, configured: 1, tooMany: false }]);
    await aged('2 hours');
    await beats(first, 1);
    const { rows } = await superuser.query('select from edge.server_beat');
    assert.equal(rows.length, 1, 'who was not heard for an hour is forgotten');
  });

  it('is nobody’s business when there are fewer', async () => {
    const changes: Change[] = [];
    await beats(open(changes, 5), 10);
    assert.deepEqual(changes, []);
  });
});
