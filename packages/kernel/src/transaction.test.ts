import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openFixture, type Fixture } from '../test/fixture.ts';
import { ContextSealer } from './context.ts';
import type { TenantSession } from './session.ts';
import type { TenantTransaction } from './transaction.ts';

const insert = 'insert into shop.item (name) values ($1)';

describe('transaction', () => {
  let fixture: Fixture;
  let tenant = 0;
  let session: TenantSession;
  before(async () => {
    fixture = await openFixture();
  });
  beforeEach(() => {
    session = fixture.session((tenant += 1));
  });
  after(() => fixture.close());

  const names = async (): Promise<string[]> => {
    const { rows } = await session.query<{ name: string }>('select name from shop.item order by name');
    return rows.map(({ name }) => name);
  };

  test('commits what its function did and answers its value', async () => {
    const answer = await session.transaction(async (tx) => {
      await tx.query(insert, ['a']);
      await tx.query(insert, ['b']);
      return 'done';
    });
    assert.equal(answer, 'done');
    assert.deepEqual(await names(), ['a', 'b']);
  });

  test('an error of the function undoes everything and is rethrown as it is', async () => {
    const error = new Error('mine');
    const work = session.transaction(async (tx) => {
      await tx.query(insert, ['a']);
      throw error;
    });
    await assert.rejects(work, (thrown) => thrown === error);
    assert.deepEqual(await names(), []);
  });

  test('swallowing a failed statement does not save the rest silently', async () => {
    const work = session.transaction(async (tx) => {
      await tx.query(insert, ['a']);
      await tx.query('select 1 / 0').catch(() => {});
    });
    await assert.rejects(work, { code: 'transaction_aborted' });
    assert.deepEqual(await names(), []);
  });

  test('a statement refused before it was sent does not spoil the transaction', async () => {
    await session.transaction(async (tx) => {
      await tx.query(insert, ['a']);
      await assert.rejects(tx.query('set role postgres'), { code: 'statement_refused' });
    });
    assert.deepEqual(await names(), ['a']);
  });

  test('a constraint that fails at commit rejects with its name and saves nothing', async () => {
    await fixture.asOwner(
      `alter table shop.note alter constraint note_item_fkey deferrable initially deferred`,
    );
    const work = session.transaction(async (tx) => {
      await tx.query(insert, ['a']);
      await tx.query('insert into shop.note (item_id) values (gen_random_uuid())');
    });
    await assert.rejects(work, { code: 'reference_missing', constraint: 'note_item_fkey' });
    await assert.rejects(session.query('insert into shop.note (item_id) values (gen_random_uuid())'), {
      code: 'reference_missing',
    });
    assert.deepEqual(await names(), []);
  });

  test('without a statement it takes no connection', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, port: 1 } });
    assert.equal(await pool.as(session.context).transaction(async () => 7), 7);
  });

  test('a savepoint is undone alone', async () => {
    await session.transaction(async (tx) => {
      await tx.query(insert, ['a']);
      await assert.rejects(
        tx.savepoint(async (inner) => {
          await inner.query(insert, ['b']);
          await inner.query('select 1 / 0');
        }),
        { code: 'invalid_value' },
      );
      await tx.savepoint((inner) => inner.query(insert, ['c']));
      await tx.query(insert, ['d']);
    });
    assert.deepEqual(await names(), ['a', 'c', 'd']);
  });

  test('savepoints nest, empty ones too', async () => {
    await session.transaction(async (tx) => {
      await tx.savepoint(async (outer) => {
        await outer.savepoint(async () => {});
        await outer.query(insert, ['a']);
        await outer
          .savepoint(async (inner) => {
            await inner.query(insert, ['b']);
            throw new Error('undo');
          })
          .catch(() => {});
      });
      await tx
        .savepoint(async () => {
          throw new Error('nothing was sent');
        })
        .catch(() => {});
      await tx.query(insert, ['c']);
    });
    assert.deepEqual(await names(), ['a', 'c']);
  });

  test('concurrent calls run one after the other, each with its own answer', async () => {
    const answers = await session.transaction((tx) =>
      Promise.all(Array.from({ length: 20 }, (_, n) => tx.query<{ n: number }>('select $1::int as n', [n]))),
    );
    assert.deepEqual(
      answers.map(({ rows }) => rows[0]?.n),
      Array.from({ length: 20 }, (_, n) => n),
    );
  });

  test('a concurrent statement waits for a savepoint and is not undone with it', async () => {
    await session.transaction(async (tx) => {
      const undone = tx.savepoint(async (inner) => {
        await inner.query(insert, ['inside']);
        throw new Error('undo');
      });
      await Promise.allSettled([undone, tx.query(insert, ['beside'])]);
    });
    assert.deepEqual(await names(), ['beside']);
  });

  test('using the outer handle inside a savepoint is an error, not a deadlock', async () => {
    await session.transaction(async (tx) => {
      await tx.savepoint(async () => {
        await assert.rejects(tx.query('select 1'), { code: 'transaction_over' });
      });
    });
  });

  test('a statement that was not awaited still belongs to the transaction', async () => {
    let late: Promise<unknown> | undefined;
    await session.transaction(async (tx) => {
      late = tx.query(insert, ['late']);
    });
    await late;
    assert.deepEqual(await names(), ['late']);
    const lost = session.transaction(async (tx) => {
      late = tx.query(insert, ['lost']);
      throw new Error('mine');
    });
    await assert.rejects(lost, /mine/);
    await late;
    assert.deepEqual(await names(), ['late']);
  });

  test('a connection is given back whatever happens: one is enough for all of this', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 1 } });
    const own = pool.as(session.context);
    for (let round = 0; round < 3; round += 1) {
      await own.transaction(async (tx) => void tx.query('select 1')).catch(() => {});
      await own.transaction((tx) => tx.query('select 1 / 0')).catch(() => {});
      await own.transaction((tx) => tx.query('set role postgres')).catch(() => {});
      await own
        .query('select $1::json', [{ toJSON: () => assert.fail('cannot be converted') }])
        .catch(() => {});
      await own.query('select 1 / 0').catch(() => {});
    }
    assert.equal((await own.query('select 1')).rowCount, 1);
  });

  test('an unreachable database cannot be swallowed into a success', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, port: 1 } });
    const work = pool.as(session.context).transaction(async (tx) => {
      await tx.query(insert, ['a']).catch(() => {});
    });
    await assert.rejects(work, { code: 'transaction_aborted' });
  });

  test('an isolation level is not a place for SQL', async () => {
    const isolation = 'serializable; drop table shop.item' as 'serializable';
    const work = session.transaction((tx) => tx.query('select 1'), { isolation });
    await assert.rejects(work, { code: 'statement_refused' });
  });

  test('use after the end is an error', async () => {
    let escaped: TenantTransaction | undefined;
    let inner: TenantTransaction | undefined;
    await session.transaction(async (tx) => {
      escaped = tx;
      await tx.savepoint(async (savepoint) => {
        inner = savepoint;
      });
      await assert.rejects(async () => inner?.query('select 1'), { code: 'transaction_over' });
    });
    await assert.rejects(async () => escaped?.query('select 1'), { code: 'transaction_over' });
    await assert.rejects(async () => escaped?.savepoint(async () => {}), { code: 'transaction_over' });
  });

  test('isolation and read only are what was asked for', async () => {
    const show = `select current_setting('transaction_isolation') as isolation,
      current_setting('transaction_read_only') as read_only`;
    const { rows } = await session.transaction((tx) => tx.query(show), {
      isolation: 'serializable',
      readOnly: true,
    });
    assert.deepEqual(rows, [{ isolation: 'serializable', read_only: 'on' }]);
    const { rows: plain } = await session.transaction((tx) => tx.query(show), {});
    assert.deepEqual(plain, [{ isolation: 'read committed', read_only: 'off' }]);
    const write = session.transaction((tx) => tx.query(insert, ['x']), { readOnly: true });
    await assert.rejects(write, { code: 'privilege_refused', sqlstate: '25006' });
  });

  test('a lost connection rejects, and one lost at commit says that the outcome is unknown', async () => {
    const kill = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'bulkhead_app'
      and datname = current_database()`;
    const lost = session.transaction(async (tx) => {
      await tx.query(insert, ['a']);
      await fixture.asSuperuser(kill);
      await tx.query(insert, ['b']);
    });
    await assert.rejects(lost, { code: 'database_unavailable' });
    const unknown = session.transaction(async (tx) => {
      await tx.query(insert, ['a']);
      await fixture.asSuperuser(kill);
    });
    await assert.rejects(unknown, { code: 'database_unavailable', message: /not known/ });
    assert.deepEqual(await names(), []);
  });

  test('outlives its token: the context is sent again when the sealer mints a new one', async () => {
    const { key } = fixture.database;
    let now = Date.now() - 40_000;
    const sealer = new ContextSealer({ key, clock: () => now, lifetimeSeconds: 60 });
    const own = fixture.open({ sealer }).as(session.context);
    await own.transaction(async (tx) => {
      await tx.query(insert, ['old token']);
      await tx
        .savepoint(async (inner) => {
          now = Date.now();
          await inner.query(insert, ['new token']);
          throw new Error('undo');
        })
        .catch(() => {});
      const { rows } = await tx.query(
        "select split_part(current_setting('bulkhead.context'), '.', 3)::int as expiry",
      );
      assert.ok(Number(rows[0]?.['expiry']) > Date.now() / 1000 + 30);
    });
  });
});
