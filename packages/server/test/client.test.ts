import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createORPCClient, ORPCError } from '@orpc/client';
import { RPCLink } from '@orpc/client/fetch';
import { BatchLinkPlugin } from '@orpc/client/plugins';
import type { ContractRouterClient } from '@orpc/contract';
import type { PlatformContract } from '../src/contract/index.ts';
import { openServer, signUp } from './fixture.ts';
import type { Fixture, Person } from './fixture.ts';

/** The typed client as a page uses it: calls made together travel as one batch, answers stream back. */
let fixture: Fixture;
let person: Person;
const sent: string[] = [];

before(async () => {
  fixture = await openServer();
  person = await signUp(fixture.url);
});
after(async () => {
  await fixture.close();
});

function connect(mode: 'streaming' | 'buffered'): ContractRouterClient<PlatformContract> {
  const link = new RPCLink({
    url: `${fixture.url}/rpc`,
    headers: {
      origin: fixture.url,
      'sec-fetch-site': 'same-origin',
      cookie: person.cookie,
      'bulkhead-tenant': person.tenant,
    },
    fetch: (request, init) => {
      sent.push(new URL(request.url).pathname);
      return fetch(request, init);
    },
    plugins: [
      new BatchLinkPlugin({
        groups: [{ condition: () => true, context: {} }],
        url: `${fixture.url}/rpc/__batch__`,
        mode,
      }),
    ],
  });
  return createORPCClient(link);
}

for (const mode of ['streaming', 'buffered'] as const) {
  test(`the typed client’s ${mode} batch: one request, each answer typed, each refusal its own`, async () => {
    sent.length = 0;
    const client = connect(mode);
    const [session, tenant, companies, refused] = await Promise.all([
      client.session.read(),
      client.tenant.read(),
      client.company.list(),
      client.company.create({ name: '' }).catch((error: unknown) => error),
    ]);
    assert.deepEqual(sent, ['/rpc/__batch__']);
    assert.equal(session.account.email, person.email);
    assert.equal(tenant.id, person.tenant);
    assert.equal(companies.companies.length, 1);
    assert.ok(refused instanceof ORPCError);
    assert.deepEqual([refused.status, refused.code, refused.defined], [400, 'invalid_input', true]);
  });
}

test('the typed client tells a refusal by its code', async () => {
  const error = await connect('buffered')
    .member.remove({ id: '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11' })
    .catch((reason: unknown) => reason);
  assert.ok(error instanceof ORPCError);
  assert.deepEqual([error.status, error.code, error.defined], [404, 'member_missing', true]);
});
