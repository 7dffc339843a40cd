import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { openFixture, tenantId, type Fixture } from '../test/fixture.ts';
import type { DataError, DataErrorCode } from './errors.ts';
import { Flight, FlightError, type FlightShape } from './flight.ts';
import { command } from './prologue.ts';
import type { TenantSession } from './session.ts';

const wanted = (text: string): FlightShape => ({ steps: [{ text, values: [], describe: true }], wanted: 0 });

const fly = (client: pg.Client, shape: FlightShape): Promise<Flight> =>
  new Promise((resolve, reject) => {
    client.query(
      new Flight(shape, {
        settle: (error, flight) => (error === undefined ? resolve(flight) : reject(error)),
      }),
    );
  });

/** A statement with a marker, and how it must end: an answer that holds the marker, or an error with this code. */
type Trial = { text: string; values: unknown[]; expect: { rows: unknown[] } | { code: DataErrorCode } };

const trials: ((marker: number) => Trial)[] = [
  (n) => ({ text: 'select $1::int as n', values: [n], expect: { rows: [{ n }] } }),
  (n) => ({ text: `select ${n} as n`, values: [], expect: { rows: [{ n }] } }),
  (n) => ({ text: `select ${n} as n where false`, values: [], expect: { rows: [] } }),
  (n) => ({
    text: 'select $1::int as n from generate_series(1, 300)',
    values: [n],
    expect: { rows: Array.from({ length: 300 }, () => ({ n })) },
  }),
  (n) => ({
    text: `select ${n} as n, set_config('test.n', '${n}', false) as s`,
    values: [],
    expect: { rows: [{ n, s: `${n}` }] },
  }),
  (n) => ({ text: 'select shop.chatter($1) as n', values: [n], expect: { rows: [{ n }] } }),
  (n) => ({ text: `select ${n} / 0`, values: [], expect: { code: 'invalid_value' } }),
  (n) => ({
    text: 'select 1000 / ($1 - g) from generate_series(1, 5000) g',
    values: [4000 + (n % 1000)],
    expect: { code: 'invalid_value' },
  }),
  (n) => ({ text: `select ${n} frm x`, values: [], expect: { code: 'internal' } }),
  (n) => ({ text: 'select $1::uuid', values: [`${n}`], expect: { code: 'invalid_value' } }),
  (n) => ({ text: `select ${n}; select 2`, values: [], expect: { code: 'statement_refused' } }),
  (n) => ({ text: `copy (select ${n}) to stdout`, values: [], expect: { code: 'statement_refused' } }),
  (n) => ({ text: 'select $1::int, $2::int', values: [n], expect: { code: 'internal' } }),
];

const trial = fc
  .tuple(fc.nat(trials.length - 1), fc.nat(1_000_000))
  .map(([kind, marker]) => trials[kind]!(marker));

async function outcome(run: Promise<{ rows: unknown[] }>): Promise<Trial['expect']> {
  return await run.then(
    ({ rows }) => ({ rows }),
    (error: DataError) => ({ code: error.code }),
  );
}

describe('flight', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
    await fixture.asOwner(`
      create function shop.chatter(n int) returns int language plpgsql as $$
      begin
        raise notice 'n is %', n;
        raise warning 'still %', n;
        return n;
      end $$;
      grant execute on function shop.chatter(int) to bulkhead_app;
    `);
  });
  after(() => fixture.close());

  for (const statements of ['unnamed', 'named'] as const) {
    test(`T-21: every answer belongs to its statement, whatever fails around it (${statements})`, async () => {
      const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 2 }, statements });
      const sessions = [1, 2, 3].map((n) => pool.as({ ...fixture.session(n).context, tenant: tenantId(n) }));
      await fc.assert(
        fc.asyncProperty(fc.array(trial, { minLength: 1, maxLength: 25 }), async (run) => {
          const answers = run.map(({ text, values }, at) =>
            outcome((sessions[at % sessions.length] as TenantSession).query(text, values)),
          );
          assert.deepEqual(
            await Promise.all(answers),
            run.map(({ expect }) => expect),
          );
        }),
        { numRuns: 60 },
      );
    });
  }

  test('T-21: and inside transactions with savepoints', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 2 } });
    await fc.assert(
      fc.asyncProperty(fc.array(trial, { minLength: 1, maxLength: 8 }), async (run) => {
        const one = (): Promise<Trial['expect'][]> =>
          pool.as(fixture.session(1).context).transaction(async (tx) => {
            const ends: Trial['expect'][] = [];
            for (const { text, values } of run) {
              ends.push(await outcome(tx.savepoint((inner) => inner.query(text, values))));
            }
            return ends;
          });
        for (const ends of await Promise.all([one(), one(), one()])) {
          assert.deepEqual(
            ends,
            run.map(({ expect }) => expect),
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  test('T-20: an empty list of values does not open the door to two statements', async () => {
    await assert.rejects(fixture.session(1).query('select 1; select 2', []), { code: 'statement_refused' });
    await assert.rejects(fixture.session(1).query('select 1; select 2'), { code: 'statement_refused' });
  });

  test('ISO-12: a statement is one write and one round trip', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 1 } });
    const session = pool.as(fixture.session(1).context);
    await session.query('select 1');
    const writes = fixture.countWrites();
    await session.query('select name from shop.item where id = $1', [tenantId(9)]);
    assert.equal(writes.stop(), 1);
  });

  test('a type parser that throws fails its own statement only', async () => {
    const session = fixture.session(1);
    const types = {
      getTypeParser: () => () => {
        throw new TypeError('no such type');
      },
    };
    const failing = session.run({ text: 'select g from generate_series(1, 3) g' }, { types });
    await assert.rejects(failing, { code: 'internal' });
    assert.deepEqual((await session.query('select 1 as one')).rows, [{ one: 1 }]);
  });

  test('a kept plan answers its columns, renamed ones too', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 1 } });
    const session = pool.as(fixture.session(6).context);
    const columns = async (): Promise<unknown[]> => {
      const { rows, fields } = await session.run({ text: 'select * from shop.renamed' });
      return [fields.map(({ name }) => name), rows];
    };
    await fixture.asOwner(
      'create table shop.renamed as select 1 as a; grant select on shop.renamed to bulkhead_app',
    );
    for (let time = 0; time < 4; time += 1) assert.deepEqual(await columns(), [['a'], [{ a: 1 }]]);
    await fixture.asOwner('alter table shop.renamed rename a to b');
    for (let time = 0; time < 2; time += 1) assert.deepEqual(await columns(), [['b'], [{ b: 1 }]]);
    await fixture.asOwner('alter table shop.renamed alter b type text');
    for (let time = 0; time < 2; time += 1) assert.deepEqual(await columns(), [['b'], [{ b: '1' }]]);
  });

  test('type parsers may differ from call to call of a kept plan', async () => {
    const session = fixture
      .open({ connection: { ...fixture.database.connections.app, max: 1 } })
      .as(fixture.session(6).context);
    const shout = { getTypeParser: () => (value: string) => `${value}!` };
    const text = 'select 1 as n, now() is not null as t';
    for (let time = 0; time < 3; time += 1) {
      assert.deepEqual((await session.run({ text })).rows, [{ n: 1, t: true }]);
      const loud = await session.run({ text }, { rowMode: 'array', types: shout });
      assert.deepEqual(loud.rows, [['1!', 't!']]);
    }
  });

  test('a named plan that went out of date is made anew', async () => {
    const pool = fixture.open({
      connection: { ...fixture.database.connections.app, max: 1 },
      statements: 'named',
    });
    const session = pool.as(fixture.session(4).context);
    await session.query("insert into shop.item (name) values ('n')");
    const columns = async (): Promise<number> => {
      const { rows } = await session.query('select * from shop.item');
      return Object.keys(rows[0] ?? {}).length;
    };
    const first = await columns();
    await fixture.asOwner(
      'alter table shop.item add column extra text; grant select (extra) on shop.item to bulkhead_app',
    );
    assert.equal(await columns(), first + 1);
  });

  test('plans are kept on a direct connection by itself, from the second time a text comes', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 1 } });
    const session = pool.as(fixture.session(1).context);
    const kept = "select statement from pg_prepared_statements where statement like 'select statement%'";
    const counts: number[] = [];
    for (let time = 0; time < 3; time += 1) counts.push((await session.query(kept)).rowCount);
    assert.deepEqual(counts, [0, 1, 1]);
  });

  test('a connection keeps at most 250 named statements', async () => {
    const pool = fixture.open({
      connection: { ...fixture.database.connections.app, max: 1 },
      statements: 'named',
    });
    const session = pool.as(fixture.session(1).context);
    const run = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n += 1) {
        const { rows } = await session.query(`select ${n} as n`);
        assert.deepEqual(rows, [{ n }]);
      }
    };
    for (let time = 0; time < 3; time += 1) await run(0, 300);
    await run(100, 110);
    const kept = 'select count(*)::int as n from pg_prepared_statements';
    await session.query('select count(*)::int as n from pg_prepared_statements');
    assert.deepEqual((await session.query(kept)).rows, [{ n: 250 }]);
  });

  describe('on a bare client', () => {
    let client: pg.Client;
    before(async () => {
      client = new pg.Client(fixture.database.connections.app);
      client.on('error', () => {});
      await client.connect();
    });
    after(() => client.end());

    test('an empty statement is answered', async () => {
      const flight = await fly(client, wanted(''));
      assert.deepEqual(flight.result(), { rows: [], rowCount: 0, command: '', fields: [] });
    });

    test('only the rows of the wanted step are kept', async () => {
      const steps = [
        command('select 1 as a'),
        { text: 'select 2 as b', values: [], describe: true },
        command('select 3 as c'),
      ];
      const flight = await fly(client, { steps, wanted: 1 });
      assert.deepEqual(
        [flight.result().rows, flight.commands],
        [[{ b: 2 }], ['SELECT 1', 'SELECT 1', 'SELECT 1']],
      );
    });

    test('a failed step tells which one, and nothing of the flight is kept', async () => {
      const steps = [
        command("select set_config('test.x', 'set', false)"),
        command('select 1 / 0'),
        command('select 1'),
      ];
      const failure = await fly(client, { steps, wanted: 2 }).catch((error: unknown) => error);
      assert.ok(failure instanceof FlightError);
      assert.deepEqual([failure.step, failure.broken], [1, false]);
      const { rows } = (await fly(client, wanted("select current_setting('test.x', true) as x"))).result<{
        x: string;
      }>();
      assert.notEqual(rows[0]?.x, 'set');
    });

    for (const text of ['copy (select 1) to stdout', 'copy pg_temp.t from stdin']) {
      test(`a copy breaks the connection instead of the protocol: ${text}`, async () => {
        const own = new pg.Client(fixture.database.connections.superuser);
        own.on('error', () => {});
        await own.connect();
        await own.query('create temp table t (a int)');
        const failure = await fly(own, wanted(text)).catch((error: unknown) => error);
        assert.ok(failure instanceof FlightError);
        assert.equal(failure.broken, true);
      });
    }
  });
});
