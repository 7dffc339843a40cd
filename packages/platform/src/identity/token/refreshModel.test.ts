import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { openFixture, type Fixture } from '../../../test/fixture.ts';
import { startedFamily, tokensOf } from '../../../test/tokens.ts';
import type { IdentityDependencies } from '../index.ts';
import { readAccessToken, refresh, revoke, type TokenDependencies, type TokenPair } from './index.ts';

const device = { ip: '192.0.2.9', userAgent: 'app/1' };
const grace = 10_000;

// The families of docs/design/refresh.md, driven by schedules that a generator makes up: refreshes of any token ever
// given, several at once from several servers, time, revocations, disabled accounts, connections cut after the
// statement. The model is that document's table; what the database holds is compared with it after each event.

/** What the document says of one family. Tokens are numbered in the order in which they were first seen. */
type Model = { ended: boolean; live: string; predecessor: string | null; graceUntil: number; seen: string[] };

type Event =
  | { kind: 'refresh'; token: number; tabs: number }
  | { kind: 'cut'; token: number }
  | { kind: 'wait'; milliseconds: number }
  | { kind: 'revoke'; token: number };

const token = fc.nat({ max: 5 });
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('refresh' as const),
      token,
      tabs: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), token }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      milliseconds: fc.constantFrom(1, 4000, grace - 1, grace, 60_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), token }) },
);

describe('refresh families under schedules nobody thought of (AUT-2, T-30, T-31, T-32)', () => {
  let fixture: Fixture;
  let superuser: pg.Client;
  let servers: TokenDependencies[];
  let pools: pg.Pool[];
  const told = { issued: 0, same: 0, refused: 0, reuse: 0, cut: 0, forks: 0, families: 0 };
  before(async () => {
    fixture = await openFixture();
    superuser = await fixture.connect('superuser');
    pools = Array.from({ length: 3 }, () => {
      const pool = new pg.Pool({ ...fixture.database.connections.identity, max: 4 });
      pool.on('error', () => undefined);
      return pool;
    });
    servers = pools.map((pool) => tokensOf({ ...fixture.anotherProcess(), pool }));
  });
  after(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await fixture.close();
  });

  const exchange = async (refreshToken: string, on: TokenDependencies): Promise<TokenPair | null> => {
    try {
      return await refresh(on, { refreshToken, device });
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'token_refused');
      return null;
    }
  };

  /** Several tabs at once, each through another server: their answers, and what the table says they should be. */
  const refreshAll = async (model: Model, presented: string, tabs: number): Promise<void> => {
    const answers = await Promise.all(
      Array.from({ length: tabs }, (_, tab) =>
        exchange(presented, servers[tab % servers.length] ?? assert.fail()),
      ),
    );
    const given = answers.map((pair) => pair?.refreshToken ?? null);
    const expected = expectedAnswer(model, presented);
    if (expected === 'new') {
      const [successor] = given;
      assert.ok(
        typeof successor === 'string' && !model.seen.includes(successor),
        'a live token gives a new one',
      );
      assert.equal(new Set(given).size, 1, 'and every tab the same');
      succeed(model, presented, successor);
      told.issued += 1;
      told.same += tabs - 1;
    } else {
      for (const answer of given) assert.equal(answer, expected === 'same' ? model.live : null);
      if (expected === 'same') told.same += tabs;
      else told.refused += tabs;
      if (expected === 'reuse') {
        model.ended = true;
        told.reuse += 1;
      }
    }
    const pair = answers.find((one) => one !== null);
    if (pair !== undefined && pair !== null)
      assert.ok(await readAccessToken(servers[0] ?? assert.fail(), pair.accessToken));
  };

  const expectedAnswer = (model: Model, presented: string): 'new' | 'same' | 'reuse' | 'refused' => {
    if (model.ended) return 'refused';
    if (presented === model.live) return 'new';
    const inGrace = presented === model.predecessor && fixture.identity.clock() < model.graceUntil;
    return inGrace ? 'same' : 'reuse';
  };

  const succeed = (model: Model, presented: string, successor: string): void => {
    model.predecessor = presented;
    model.live = successor;
    model.graceUntil = fixture.identity.clock() + grace;
    model.seen.push(successor);
  };

  /**
   * The statement is done and committed, its answer lost: the backend ends between them. The client knows nothing but
   * its old token, which is within its grace and must give it what was made.
   */
  const cutAnswer = async (model: Model, presented: string): Promise<void> => {
    const cut = tokensOf({
      ...fixture.anotherProcess(),
      pool: cuttingPool(superuser, pools[0] ?? assert.fail()),
    });
    const expected = expectedAnswer(model, presented);
    const outcome = await refresh(cut, { refreshToken: presented, device }).then(
      (pair) => pair.refreshToken,
      (error: unknown) => error as Error & { code?: string },
    );
    told.cut += 1;
    if (expected === 'new') {
      assert.ok(outcome instanceof Error && outcome.code !== 'token_refused', 'the answer was lost');
      const retried = await exchange(presented, servers[1] ?? assert.fail());
      assert.ok(retried !== null, 'within the grace the client gets what it missed');
      assert.ok(!model.seen.includes(retried.refreshToken));
      succeed(model, presented, retried.refreshToken);
      told.issued += 1;
    } else if (expected === 'same') assert.equal(outcome, model.live);
    else {
      assert.ok(outcome instanceof Error && outcome.code === 'token_refused');
      if (expected === 'reuse') model.ended = true;
    }
  };

  const compare = async (model: Model, sessionId: string): Promise<void> => {
    const { rows } = await superuser.query<{ ended: boolean; tokens: number; live: number; forks: number }>(
      `select s.ended_at is not null as ended, count(t.id)::int as tokens,
         (count(*) filter (where t.used_at is null))::int as live,
         (count(t.predecessor_id) - count(distinct t.predecessor_id))::int as forks
       from identity.session s join identity.refresh_token t on t.session_id = s.id
       where s.id = $1 group by s.id`,
      [sessionId],
    );
    const found = rows[0] ?? assert.fail('no such family');
    told.forks += found.forks;
    assert.deepEqual(found, { ended: model.ended, tokens: model.seen.length, live: 1, forks: 0 });
  };

  const run = async (events: readonly Event[], email: string): Promise<void> => {
    const first = await startedFamily(servers[0] ?? assert.fail(), email);
    told.families += 1;
    const model: Model = {
      ended: false,
      live: first.refreshToken,
      predecessor: null,
      graceUntil: 0,
      seen: [first.refreshToken],
    };
    for (const one of events) {
      const presented = 'token' in one ? (model.seen.at(-1 - (one.token % model.seen.length)) ?? '') : '';
      /* oxlint-disable no-await-in-loop -- a schedule is a sequence */
      if (one.kind === 'wait') fixture.advance(one.milliseconds);
      else if (one.kind === 'refresh') await refreshAll(model, presented, one.tabs);
      else if (one.kind === 'cut') await cutAnswer(model, presented);
      else {
        const { ended } = await revoke(servers[2] ?? assert.fail(), { token: presented, device });
        assert.equal(ended, !model.ended);
        model.ended = true;
      }
      await compare(model, first.sessionId);
      /* oxlint-enable no-await-in-loop */
    }
  };

  it('behave as the table says, and never fork', async (context) => {
    const { email } = await fixture.person();
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 14 }), (events) => run(events, email)),
      { numRuns: 80 },
    );
    context.diagnostic(JSON.stringify(told));
    assert.ok(told.issued > 40 && told.same > 20 && told.reuse > 0 && told.cut > 5, JSON.stringify(told));
    assert.equal(told.forks, 0);
  });

  it('keep one truth when refresh and revocation race: nothing works once both have answered (T-31)', async (context) => {
    const { email } = await fixture.person();
    let refreshed = 0;
    for (let round = 0; round < 30; round += 1) {
      /* oxlint-disable no-await-in-loop -- rounds */
      const first = await startedFamily(servers[0] ?? assert.fail(), email);
      const [pair, { ended }] = await Promise.all([
        exchange(first.refreshToken, servers[round % 2] ?? assert.fail()),
        revoke(servers[2] ?? assert.fail(), { token: first.refreshToken, device }),
      ]);
      assert.equal(ended, true);
      if (pair !== null) refreshed += 1;
      for (const held of [first, ...(pair === null ? [] : [pair])]) {
        assert.equal(await exchange(held.refreshToken, servers[1] ?? assert.fail()), null);
        assert.equal(
          await readAccessToken(servers[1] ?? assert.fail(), held.accessToken, { fresh: true }),
          null,
        );
      }
      /* oxlint-enable no-await-in-loop */
    }
    context.diagnostic(
      `${refreshed} of 30 refreshes came before the revocation, and were worth nothing after it`,
    );
  });

  it('mutation: without the lock on the family and the use mark, tabs at once fork it', async () => {
    const owner = await fixture.connect('owner');
    const signature =
      'identity.exchange_refresh_token(bytea, uuid, bytea, bytea, timestamptz, interval, interval)';
    const { rows } = await owner.query<{ definition: string }>(
      'select pg_get_functiondef($1::regprocedure) as definition',
      [signature],
    );
    const definition = rows[0]?.definition ?? '';
    const loose = definition.replace(/\(t\.used_at IS NULL\) AND/, '');
    assert.notEqual(loose, definition);
    const indexes = ['refresh_token_one_live', 'refresh_token_predecessor_unique'];
    await owner.query(loose);
    await owner.query(`drop index identity.${indexes[0]}`);
    await owner.query(`alter table identity.refresh_token drop constraint ${indexes[1]}`);
    try {
      const first = await startedFamily(servers[0] ?? assert.fail(), (await fixture.person()).email);
      const answers = await Promise.all(servers.map((server) => exchange(first.refreshToken, server)));
      assert.ok(new Set(answers.map((pair) => pair?.refreshToken)).size > 1, 'the family forked');
    } finally {
      await owner.query(definition);
    }
  });
});

/** A pool whose connections' backends are ended once their statement is committed and before its answer is read. */
function cuttingPool(superuser: pg.Client, pool: pg.Pool): IdentityDependencies['pool'] {
  return new Proxy(pool, {
    get(target, name) {
      if (name !== 'query') {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      }
      return async (query: pg.QueryConfig | string, values?: unknown[]) => {
        if (typeof query === 'string') return target.query(query, values);
        const client = await target.connect();
        client.on('error', () => undefined);
        try {
          const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
          const answer = await client.query(query);
          await superuser.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
          if (answer.rows.length === 0) return answer;
          // What the client learns when its connection ends before the answer arrives.
          await client.query('select 1');
          return answer;
        } finally {
          client.release(true);
        }
      };
    },
  });
}
