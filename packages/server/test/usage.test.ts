import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../../../test/harness/eventually.ts';
import { makePerson } from '../../../test/harness/people.ts';
import { asRole, cookieOf, goodPassword, send } from './fixture.ts';
import { openLimited } from './limits/fixture.ts';
import type { LimitedServers } from './limits/fixture.ts';

type Usage = {
  tier: { name: string };
  limits: { rateClass: string; cap: number; burst: number }[];
  quotas: { name: string; taken: number; allowed: number | null }[];
  points: { rateClass: string; answered: number; refused: number }[];
};

describe('the usage of a tenant, over HTTP (EDG-3)', () => {
  let open: LimitedServers;
  before(async () => {
    open = await openLimited({
      servers: 2,
      limits: { signInPerIp: 0, signInPerAccount: 0, read: 0, write: 3 },
    });
  });
  after(() => open.close());

  async function person() {
    const email = `${randomUUID()}@example.org`;
    const { tenantId, accountId } = await makePerson(open.database, {
      email,
      password: goodPassword,
      name: 'P',
      tenantName: 'T',
    });
    const answer = await send(open.urls[0] ?? '', '/api/session', {
      json: { email, password: goodPassword },
    });
    return { email, accountId, cookie: cookieOf(answer), tenant: tenantId };
  }
  const read = async (caller: { cookie: string; tenant: string }, query = '') => {
    const answer = await send(open.urls[1] ?? '', `/api/usage${query}`, caller);
    assert.equal(answer.status, 200, answer.text);
    return answer.json as Usage;
  };

  it('is what the servers answered and refused, with what the tier allows', async () => {
    const [caller, other] = [await person(), await person()];
    for (let index = 0; index < 5; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the last two are too many
      await send(open.urls[0] ?? '', '/api/companies', { ...caller, json: { name: `Company ${index}` } });
    }
    const written = { rateClass: 'write', answered: 3, refused: 2 };
    await eventually(
      async () =>
        (await read(caller)).points.find((point) =>
          isDeepStrictEqual({ ...written, ...point }, { ...point, ...written }),
        ),
      { what: 'the duty that writes usage' },
    );
    const usage = await read(caller, '?step=day');
    assert.equal(usage.tier.name, 'standard');
    assert.deepEqual(usage.limits, [
      { rateClass: 'read', cap: 12_000, burst: 24_000 },
      { rateClass: 'write', cap: 3000, burst: 6000 },
      { rateClass: 'heavy', cap: 300, burst: 300 },
    ]);
    assert.deepEqual(usage.quotas, [
      { name: 'members', taken: 1, allowed: null },
      { name: 'apiKeys', taken: 0, allowed: null },
      { name: 'webhookEndpoints', taken: 0, allowed: null },
    ]);
    assert.ok((await read(other)).points.every(({ rateClass }) => rateClass === 'read'));
  });

  it('is another tier once an operator gives it; nobody else does', async () => {
    const [caller, staff] = [await person(), await person()];
    const give = (by: { cookie: string }, tier: string | null) =>
      send(open.urls[0] ?? '', `/api/operator/tiers/${caller.tenant}`, {
        method: 'PUT',
        cookie: by.cookie,
        json: { tier, reason: 'Agreed with their finance team' },
      });
    assert.equal((await give(caller, 'enterprise')).status, 403);
    await asRole(open.database, 'owner', (client) =>
      client.query('select identity.promote_operator($1, $2)', [staff.email, 'On call for billing']),
    );
    const again = await send(open.urls[0] ?? '', '/api/session', {
      json: { email: staff.email, password: goodPassword },
    });
    const operator = { cookie: cookieOf(again) };
    assert.equal((await give(operator, 'golden')).json['code'], 'tier_missing');
    assert.deepEqual((await give(operator, 'business')).json, { tier: 'business' });
    assert.equal((await read(caller)).tier.name, 'business');
    assert.deepEqual((await give(operator, null)).json, { tier: 'standard' });
  });
});
