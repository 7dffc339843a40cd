import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { companyOf, openServer, send, signUp } from './fixture.ts';
import type { Call, Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

let fixture: Fixture;
let person: Person;
let company: string;

before(async () => {
  fixture = await openServer([widgetsModule().module]);
  person = await signUp(fixture.url);
  company = await companyOf(fixture.url, person);
});
after(async () => {
  await fixture.close();
});

/** The same mistake through the other door has the same status and code. */
const both: { name: string; api: [string, Call]; rpc: [string, unknown]; status: number; code: string }[] = [
  {
    name: 'a bad input',
    api: ['/api/widgets/widgets', { json: { name: '', size: 1 } }],
    rpc: ['widgets/create', { name: '', size: 1 }],
    status: 400,
    code: 'invalid_input',
  },
  {
    name: 'a named constraint',
    api: ['/api/widgets/widgets', { json: { name: 'a', size: 0 } }],
    rpc: ['widgets/create', { name: 'a', size: 0 }],
    status: 422,
    code: 'size_not_positive',
  },
  {
    name: 'a missing row',
    api: ['/api/widgets/widgets/6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11', {}],
    rpc: ['widgets/read', { id: '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11' }],
    status: 404,
    code: 'not_found',
  },
  {
    name: 'a fault inside',
    api: ['/api/widgets/fail?how=throw', {}],
    rpc: ['widgets/fail', { how: 'throw' }],
    status: 500,
    code: 'internal',
  },
  {
    name: 'an error of another library',
    api: ['/api/widgets/fail?how=stray', {}],
    rpc: ['widgets/fail', { how: 'stray' }],
    status: 500,
    code: 'internal',
  },
  {
    name: 'an output against its schema',
    api: ['/api/widgets/fail?how=output', {}],
    rpc: ['widgets/fail', { how: 'output' }],
    status: 500,
    code: 'internal',
  },
  {
    name: 'a statement that fails',
    api: ['/api/widgets/fail?how=query', {}],
    rpc: ['widgets/fail', { how: 'query' }],
    status: 500,
    code: 'internal',
  },
  {
    name: 'a wrong password',
    api: ['/api/session', { json: { email: 'a@example.org', password: 'x' } }],
    rpc: ['session/signIn', { email: 'a@example.org', password: 'x' }],
    status: 401,
    code: 'sign_in_refused',
  },
];

for (const { name, api, rpc, status, code } of both) {
  test(`${name} is ${status} ${code} through both doors`, async () => {
    const one = await send(fixture.url, api[0], { cookie: person.cookie, company, ...api[1] });
    const other = await send(fixture.url, `/rpc/${rpc[0]}`, {
      cookie: person.cookie,
      company,
      json: { json: rpc[1] },
    });
    assert.deepEqual([one.status, one.json['code'], one.json['status']], [status, code, status]);
    const inner = other.json['json'] as { code: string; status: number };
    assert.deepEqual([other.status, inner.code, inner.status], [status, code, status]);
  });
}

test('RPC input that names types it does not hold is refused, not a fault', async () => {
  for (const body of [
    { json: { name: 1 }, meta: [[1, 'nowhere']] },
    { json: null, meta: 'x' },
    [],
    'text',
    7,
  ]) {
    const answer = await send(fixture.url, '/rpc/widgets/create', {
      cookie: person.cookie,
      company,
      json: body,
    });
    assert.equal(answer.status, 400, JSON.stringify(body));
  }
});
