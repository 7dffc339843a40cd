import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { makePerson } from '../../../../test/harness/people.ts';
import { asRole, cookieOf, goodPassword, send } from '../fixture.ts';
import { openLimited } from './fixture.ts';
import type { LimitedServers } from './fixture.ts';

let limited: LimitedServers;
before(async () => {
  limited = await openLimited({
    servers: 2,
    limits: { signInPerIp: 4, signInPerAccount: 0, read: 100, readPerTenant: 120, write: 5 },
    trustedProxies: [],
  });
});
after(() => limited.close());

const times = <Item>(count: number, make: (index: number) => Promise<Item>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

type Answered = { status: number };
const refusedOf = (answers: readonly Answered[]) => answers.filter(({ status }) => status === 429).length;

test('EDG-2 with no proxy trusted, X-Forwarded-For changes nothing', async () => {
  const answers = await times(12, (index) =>
    send(limited.urls[index % 2] ?? '', '/api/session', {
      headers: {
        'x-forwarded-for': `192.0.2.${index}`,
        forwarded: `for=192.0.2.${index}`,
        'x-real-ip': `192.0.2.${index}`,
      },
      json: { email: `${randomUUID()}@example.org`, password: 'wrong' },
    }),
  );
  assert.equal(refusedOf(answers), 8);
  assert.equal(limited.passwords.compared, 4);
});

test('EDG-3 reads and changes are counted by account and by tenant, over all servers', async () => {
  const open = await openLimited({
    servers: 2,
    limits: { signInPerIp: 0, read: 100, readPerTenant: 120, write: 5 },
  });
  try {
    const people = await times(2, async () => {
      const email = `${randomUUID()}@example.org`;
      const { tenantId } = await makePerson(open.database, {
        email,
        password: goodPassword,
        name: 'P',
        tenantName: 'T',
      });
      const answer = await send(open.urls[0] ?? '', '/api/session', {
        json: { email, password: goodPassword },
      });
      return { cookie: cookieOf(answer), tenant: tenantId };
    });
    const [one, other] = people;
    assert.ok(one && other);
    const read = (person: typeof one, index: number) =>
      send(open.urls[index % 2] ?? '', '/api/companies', { cookie: person.cookie, tenant: person.tenant });
    const answers = await times(150, (index) => read(one, index));
    assert.equal(refusedOf(answers), 50);
    const refused = answers.find(({ status }) => status === 429);
    assert.equal(refused?.headers.get('ratelimit-policy'), '"read";q=100;w=60');
    const its = await read(other, 0);
    assert.equal(its.status, 200, 'another account, another tenant');
    assert.equal(its.headers.get('ratelimit-policy'), '"read";q=100;w=60, "read-tenant";q=120;w=60');
    const changes = await times(8, (index) =>
      send(open.urls[index % 2] ?? '', '/api/companies', { ...one, json: { name: `Company ${index}` } }),
    );
    assert.equal(refusedOf(changes), 3, 'another class, another count');
    const kept = await asRole(open.database, 'superuser', (client) =>
      client.query<{ text: string }>('select encode(key_hash, $1) as text from edge.rate_window', ['escape']),
    );
    assert.ok(kept.rows.length >= 4);
    assert.ok(kept.rows.every(({ text }) => !text.includes('127.0.0.1') && !text.includes(one.tenant)));
  } finally {
    await open.close();
  }
});

test('EDG-2 a limit set to 0 is off, and the others stay', async () => {
  const open = await openLimited({ limits: { signInPerIp: 0, signInPerAccount: 2 } });
  try {
    const attempt = (email: string) =>
      send(open.urls[0] ?? '', '/api/session', { json: { email, password: 'wrong' } });
    assert.equal(refusedOf(await times(20, (index) => attempt(`nobody-${index}@example.org`))), 0);
    assert.equal(refusedOf(await times(5, () => attempt('somebody@example.org'))), 3);
  } finally {
    await open.close();
  }
});

test('EDG-2 mutation: with the limits off, each of a flood of sign-ins computes a hash', async () => {
  const open = await openLimited({ limits: { enabled: false } });
  try {
    const answers = await times(30, () =>
      send(open.urls[0] ?? '', '/api/session', {
        json: { email: `${randomUUID()}@example.org`, password: 'wrong' },
      }),
    );
    assert.equal(refusedOf(answers), 0);
    assert.equal(answers[0]?.headers.get('ratelimit'), null);
    assert.ok(open.passwords.compared > 10, String(open.passwords.compared));
  } finally {
    await open.close();
  }
});
