import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { missing } from '../harness/index.ts';
import { eventually } from '../harness/eventually.ts';
import { cases, hidden, slow } from './framing.ts';
import type { Framing } from './framing.ts';
import { meanings } from './meaning.ts';
import { countRequests, exchange, statusesIn } from './wire.ts';
import { openEdge, signedIn } from './world.ts';
import type { EdgeWorld } from './world.ts';

const marker = { route: '/readyz', uri: '/readyz' };

describe('requests that two servers could read differently (EDG-4)', { skip: missing('caddy') }, () => {
  let world: EdgeWorld;
  let cookie: string;
  before(async () => {
    world = await openEdge();
    cookie = await signedIn(world);
  });
  after(() => world.close());

  for (const framing of cases) {
    it(`${framing.name}: one answer, and nothing comes out of it`, () => hasOneAnswer(world, framing));
  }

  it('the request hidden in them never arrived, at Caddy or at the server, and would have been seen', async () => {
    assert.deepEqual(countRequests(world, marker), { server: 0, caddy: 0 });
    const through = world.ways[1] ?? assert.fail();
    const open = hidden.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    assert.deepEqual(statusesIn(await exchange(through, open)), [200]);
    await eventually(
      () => {
        const seen = countRequests(world, marker);
        return Promise.resolve(seen.server === 1 && seen.caddy === 1 ? seen : undefined);
      },
      { what: 'the log of both to name it' },
    );
  });

  for (const { name, bytes, answer } of meanings) {
    it(`${name}: ${answer.join(' ')}, with Caddy and without`, async () => {
      for (const way of world.ways) {
        const to = { host: `${way.host}:${way.port}`, cookie, origin: world.caddy.url };
        // oxlint-disable-next-line no-await-in-loop -- straight, then through Caddy
        const text = await exchange(way, bytes(to));
        const code = /"code":"(\w+)"/.exec(text)?.[1];
        assert.deepEqual(
          [statusesIn(text)[0], code],
          answer.length === 1 ? [answer[0], undefined] : answer,
          `${way.name}: ${text.slice(0, 600)}`,
        );
      }
    });
  }
});

describe('requests that never become whole (EDG-4)', { skip: missing('caddy') }, () => {
  let world: EdgeWorld;
  before(async () => {
    world = await openEdge({ impatient: true });
  });
  after(() => world.close());

  for (const framing of slow) it(`${framing.name}: cut off`, () => hasOneAnswer(world, framing));
});

async function hasOneAnswer({ ways }: EdgeWorld, { answers, bytes }: Framing): Promise<void> {
  for (const [index, way] of ways.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- straight, then through Caddy
    const text = await exchange(way, bytes({ host: `${way.host}:${way.port}` }));
    const expected = answers[index];
    const told = `${way.name}: ${text.slice(0, 500)}`;
    assert.deepEqual(statusesIn(text), expected === undefined ? [] : [expected], told);
    assert.doesNotMatch(text, /\n {4}at |node_modules|\/packages\//, 'no inner detail');
  }
}
