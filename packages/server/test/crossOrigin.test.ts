import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createGuard } from '../src/rpc/guard.ts';
import { mergeAccess } from '../src/access.ts';
import { createAssertOrigin } from '../src/crossOrigin/guard.ts';
import { createOriginLists } from '../src/crossOrigin/lists.ts';
import { RequestScope } from '../src/rpc/scope.ts';
import { companyOf, openServer, send, signUp } from './fixture.ts';
import type { Answer, Call, Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

const { module } = widgetsModule();
const shop = 'https://shop.example.com';
const path = '/api/widgets/widgets';

let fixture: Fixture;
let ann: Person;
let bob: Person;
let keys: { ann: string; bob: string };
let now = Date.now();

/** A request as a browser sends it for a page of another site: cross-site, and no cookie unless asked for. */
async function from(origin: string, at: string, call: Call = {}): Promise<Answer> {
  return send(fixture.url, at, {
    ...call,
    headers: { origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', ...call.headers },
  });
}
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

async function preflight(origin: string, at = path, method = 'GET'): Promise<Answer> {
  return from(origin, at, { method: 'OPTIONS', headers: { 'access-control-request-method': method } });
}

const corsHeaders = ({ headers }: Answer): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'));

async function keyOf(person: Person): Promise<string> {
  const permissions = ['widgets:widget.read', 'widgets:widget.create'];
  const answer = await send(fixture.url, '/api/api-keys', {
    cookie: person.cookie,
    json: { name: 'Shop', permissions },
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json['token'] as string;
}

async function allow(person: Person, origin: string): Promise<Answer> {
  return send(fixture.url, '/api/allowed-origins', { cookie: person.cookie, json: { origin } });
}

before(async () => {
  fixture = await openServer([module], { server: { clock: () => now } });
  [ann, bob] = [await signUp(fixture.url), await signUp(fixture.url)];
  keys = { ann: await keyOf(ann), bob: await keyOf(bob) };
});
after(() => fixture.close());

/** Past what servers remember of the lists. */
const later = (): void => {
  now += 5001;
};

test('EDG-1 CORS is off: no preflight is answered, and no page of another site reads or does anything', async () => {
  for (const method of ['GET', 'POST']) {
    const asked = await preflight(shop, path, method);
    assert.deepEqual([asked.status, corsHeaders(asked)], [405, {}]);
  }
  const read = await from(shop, path, { headers: bearer(keys.ann) });
  assert.deepEqual([read.status, read.json['code'], corsHeaders(read)], [403, 'cross_origin_refused', {}]);
  const made = await from(shop, path, { headers: bearer(keys.ann), json: { name: 'x', size: 1 } });
  assert.deepEqual([made.status, made.json['code'], corsHeaders(made)], [403, 'cross_origin_refused', {}]);
});

describe('EDG-1 an origin that one tenant allows', () => {
  let id: string;
  before(async () => {
    const added = await allow(ann, shop);
    assert.equal(added.status, 201, added.text);
    id = added.json['id'] as string;
    later();
  });

  test('is told in a preflight what it may send, never with credentials', async () => {
    const asked = await preflight(shop);
    assert.equal(asked.status, 204);
    assert.deepEqual(corsHeaders(asked), {
      'access-control-allow-origin': shop,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers':
        'authorization, bulkhead-company, bulkhead-tenant, content-type, last-event-id',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
    assert.equal(asked.text, '');
  });

  test('calls that tenant, and reads the answer, refusals too', async () => {
    const expected = {
      'access-control-allow-origin': shop,
      'access-control-expose-headers':
        'content-disposition, ratelimit, ratelimit-policy, retry-after, x-request-id',
      vary: 'Origin',
    };
    const company = await companyOf(fixture.url, ann);
    const json = { name: 'From the shop', size: 1 };
    const made = await from(shop, path, { headers: bearer(keys.ann), company, json });
    assert.deepEqual([made.status, corsHeaders(made)], [201, expected], made.text);
    const read = await from(shop, path, { headers: bearer(keys.ann) });
    assert.deepEqual([read.status, corsHeaders(read)], [200, expected]);
    assert.match(read.text, /From the shop/);
    const refused = await from(shop, '/api/members', { headers: bearer(keys.ann) });
    assert.deepEqual(
      [refused.status, refused.json['code'], corsHeaders(refused)],
      [403, 'permission_refused', expected],
    );
  });

  test('calls no other tenant: the preflight passes, the call does not, and nothing is done', async () => {
    assert.equal((await preflight(shop)).status, 204);
    for (const call of [{}, { json: { name: 'Into Bob’s', size: 1 } }]) {
      const answer = await from(shop, path, { headers: bearer(keys.bob), ...call });
      assert.deepEqual(
        [answer.status, answer.json['code'], corsHeaders(answer)],
        [403, 'cross_origin_refused', {}],
      );
    }
    const own = await send(fixture.url, path, { cookie: bob.cookie });
    assert.deepEqual(own.json['widgets'], []);
  });

  const lookalikes = [
    'null',
    '*',
    'http://shop.example.com',
    'https://shop.example.com:443',
    'https://shop.example.com:8443',
    'https://shop.example.com.evil.example',
    'https://evilshop.example.com',
    'https://evil.shop.example.com',
    'https://example.com',
    'https://shop.example.com/',
    'https://shop.example.com.',
    'https://Shop.example.com',
    'HTTPS://shop.example.com',
    'https://shop.example.com@evil.example',
    'https://evil.example#https://shop.example.com',
    'https://shop.example.com, https://evil.example',
    'https://evil.example https://shop.example.com',
    'https://shop.example.com%60.evil.example',
    'https://shop_example.com',
    'file://',
    'chrome-extension://shop.example.com',
  ];
  for (const origin of lookalikes) {
    test(`is not ${origin}`, async () => {
      const asked = await preflight(origin);
      assert.deepEqual([asked.status, corsHeaders(asked)], [405, {}]);
      for (const call of [{}, { json: { name: 'x', size: 1 } }]) {
        const answer = await from(origin, path, { headers: bearer(keys.ann), ...call });
        assert.deepEqual(
          [answer.status, answer.json['code'], corsHeaders(answer)],
          [403, 'cross_origin_refused', {}],
        );
      }
    });
  }

  test('gains nothing by the cookie of whoever reads its page: refused with it, unreadable without a key', async () => {
    const call = { cookie: ann.cookie, headers: bearer(keys.ann), json: { name: 'x', size: 1 } };
    const both = await from(shop, path, call);
    assert.deepEqual([both.status, both.json['code'], corsHeaders(both)], [403, 'cross_origin_refused', {}]);
    const forged = await from(shop, path, { cookie: ann.cookie, json: { name: 'x', size: 1 } });
    assert.deepEqual(
      [forged.status, forged.json['code'], corsHeaders(forged)],
      [403, 'cross_origin_refused', {}],
    );
    const peeked = await from(shop, path, { cookie: ann.cookie });
    assert.deepEqual(corsHeaders(peeked), {});
  });

  test('reaches tenants’ procedures alone: not sign-in, the account, the typed client’s door, or pages', async () => {
    const elsewhere: [string, string][] = [
      ['/api/session', 'POST'],
      ['/api/session', 'GET'],
      ['/rpc/widgets/list', 'POST'],
      ['/rpc/__batch__', 'POST'],
      ['/', 'GET'],
      ['/oidc/me', 'GET'],
      ['/healthz', 'GET'],
    ];
    for (const [at, method] of elsewhere) {
      const asked = await preflight(shop, at, method);
      assert.equal(asked.headers.get('access-control-allow-origin'), null, at);
      const json = method === 'POST' ? { json: {} } : {};
      const answer = await from(shop, at, { headers: bearer(keys.ann), ...json });
      assert.equal(answer.headers.get('access-control-allow-origin'), null, at);
      if (method === 'POST') assert.equal(answer.json['code'], 'cross_origin_refused', at);
    }
    assert.equal((await preflight(shop, path, 'DELETE')).status, 405);
  });

  test('is no credential: a wrong key is refused, and the page cannot read by which rule', async () => {
    const answer = await from(shop, path, { headers: bearer(`${keys.ann.slice(0, -1)}0`) });
    assert.equal(answer.status, 401);
    assert.deepEqual(corsHeaders(answer), {});
  });

  test('may call a tenant with a person’s access token too', async () => {
    const pair = await send(fixture.url, '/api/tokens', {
      cookie: ann.cookie,
      json: { email: ann.email, password: 'seven copper lanterns drift' },
    });
    const token = pair.json['accessToken'];
    assert.equal(typeof token, 'string', pair.text);
    const answer = await from(shop, path, { headers: bearer(token as string) });
    assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [200, shop]);
  });

  test('is refused within five seconds of being taken off the list', async () => {
    assert.equal((await from(shop, path, { headers: bearer(keys.ann) })).status, 200);
    const removed = await send(fixture.url, `/api/allowed-origins/${id}`, {
      method: 'DELETE',
      cookie: ann.cookie,
    });
    assert.equal(removed.status, 200);
    later();
    const answer = await from(shop, path, { headers: bearer(keys.ann) });
    assert.deepEqual(
      [answer.status, answer.json['code'], corsHeaders(answer)],
      [403, 'cross_origin_refused', {}],
    );
    assert.equal((await preflight(shop)).status, 405);
  });
});

test('EDG-1 the list is changed by people with that permission alone, and stands in the audit log', async () => {
  const byKey = await send(fixture.url, '/api/allowed-origins', {
    headers: { ...bearer(keys.ann) },
    json: { origin: shop },
  });
  assert.equal(byKey.status, 403);
  const added = await allow(bob, 'https://desk.example.com');
  assert.equal(added.status, 201);
  const list = await send(fixture.url, '/api/allowed-origins', { cookie: bob.cookie });
  assert.deepEqual(
    (list.json['origins'] as { origin: string }[]).map(({ origin }) => origin),
    ['https://desk.example.com'],
  );
  const log = await send(fixture.url, '/api/audit/entries?limit=1', { cookie: bob.cookie });
  const [entry] = log.json['entries'] as { action: string; target: object }[];
  assert.deepEqual(
    [entry?.action, entry?.target],
    ['insert', { type: 'edge.allowed_origin', id: added.json['id'] }],
  );
  for (const [origin, code] of [
    ['https://*.example.com', 'input_invalid'],
    ['null', 'input_invalid'],
    ['https://desk.example.com', 'origin_exists'],
  ]) {
    const answer = await allow(bob, origin ?? '');
    assert.equal(answer.json['code'], code);
  }
});

test('EDG-1 a database that is away allows nobody', async () => {
  const broken = { query: () => Promise.reject(new Error('gone')) };
  const lists = createOriginLists({ pool: broken as never, clock: () => 0 });
  await assert.rejects(lists.isNamed(shop), /gone/);
  await assert.rejects(lists.assertAllowed(shop, { tenant: ann.tenant, session: broken as never }), /gone/);
});

test('EDG-1 mutation: without the question to the tenant’s list, a page of any site acts in any tenant', async () => {
  const program = { actor: { kind: 'api_key', id: ann.account, name: 'Shop' }, tenant: ann.tenant } as const;
  const empty = { query: () => Promise.resolve({ rows: [], rowCount: 0 }) };
  const db = { as: () => empty as never };
  const guarding = {
    db,
    access: mergeAccess([module]),
    readProgram: () =>
      Promise.resolve({ ...program, permissions: new Set(['widgets:widget.read']), companyIds: null }),
    readStay: () => Promise.resolve(null),
    assertFreshProof: () => Promise.resolve(),
  };
  const call = () =>
    new RequestScope({
      id: 'request-1',
      ip: '192.0.2.1',
      userAgent: undefined,
      placement: { tenant: undefined, company: undefined },
      token: undefined,
      authorization: `Bearer ${keys.ann}`,
      origin: 'https://evil.example',
      authenticate: () => Promise.resolve(null),
    });
  const read = { permission: 'widgets:widget.read', rate: 'read' } as const;
  const lists = createOriginLists({ pool: empty as never, clock: () => 0 });
  const sound = createGuard({ ...guarding, assertOrigin: createAssertOrigin({ db, lists }) });
  await assert.rejects(sound(read, call()), {
    message: 'The organisation does not allow calls from pages of this origin.',
  });
  const mutant = createGuard({ ...guarding, assertOrigin: () => Promise.resolve() });
  assert.ok('session' in (await mutant(read, call())));
});
