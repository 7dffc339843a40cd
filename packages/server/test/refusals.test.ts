import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { makePerson } from '../../../test/harness/people.ts';
import { cookieOf, goodPassword, send } from './fixture.ts';
import { openLimited } from './limits/fixture.ts';
import type { LimitedServers } from './limits/fixture.ts';

let limited: LimitedServers;
before(async () => {
  limited = await openLimited({ servers: 2, limits: { signInPerIp: 0, refusedPerIp: 6 } });
});
after(() => limited.close());

let addresses = 0;
/** An address that has done nothing yet. */
const anAddress = (): string => `198.51.100.${(addresses += 1)}`;

async function signedIn(url: string): Promise<string> {
  const email = `somebody-${(addresses += 1)}@example.org`;
  await makePerson(limited.database, { email, password: goodPassword, name: 'P', tenantName: 'T' });
  return cookieOf(await send(url, '/api/session', { json: { email, password: goodPassword } }));
}

const forgeries: Readonly<Record<string, () => Record<string, string>>> = {
  cookie: () => ({ cookie: `__Host-bulkhead=${randomBytes(32).toString('base64url')}` }),
  'API key': () => ({ authorization: `Bearer bhk_${randomBytes(38).toString('base64url').slice(0, 51)}` }),
  'access token': () => ({ authorization: `Bearer ${randomBytes(9).toString('base64url')}.e30.x` }),
};

for (const [what, forge] of Object.entries(forgeries)) {
  test(`EDG-2 a ${what} that is refused counts by address, over all servers; what is good goes on`, async () => {
    const ip = anAddress();
    const [first = '', second = ''] = limited.urls;
    const cookie = await signedIn(first);
    const read = (url: string, headers: Record<string, string>, from = ip) =>
      send(url, '/api/session', { headers: { ...headers, 'x-forwarded-for': from } });
    assert.equal((await read(first, { cookie })).status, 200);
    const answers = [];
    // oxlint-disable-next-line no-await-in-loop -- one after another, at two servers in turn
    for (let n = 0; n < 10; n += 1) answers.push((await read(limited.urls[n % 2] ?? '', forge())).status);
    assert.deepEqual(answers, [401, 401, 401, 401, 401, 401, 429, 429, 429, 429]);
    const blocked = await read(first, forge());
    assert.deepEqual(
      [blocked.json['code'], Number(blocked.headers.get('retry-after')) > 0],
      ['rate_limited', true],
    );
    assert.equal((await read(first, { cookie })).status, 200, 'a session that was good here is read on');
    assert.equal((await read(first, forge(), anAddress())).status, 401, 'another address has its own count');
    const open = await send(second, '/api/session', {
      headers: { 'x-forwarded-for': ip },
      json: { email: 'nobody@example.org', password: goodPassword },
    });
    assert.equal(open.status, 401, 'signing in is no matter of credentials that are brought');
  });
}

test('EDG-2 mutation: without the limit every guess is looked up', async () => {
  const open = await openLimited({ limits: { refusedPerIp: 0 } });
  try {
    const ip = anAddress();
    for (let n = 0; n < 10; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const { status } = await send(open.urls[0] ?? '', '/api/session', {
        headers: { ...forgeries['cookie']?.(), 'x-forwarded-for': ip },
      });
      assert.equal(status, 401);
    }
  } finally {
    await open.close();
  }
});
