import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ContextSealer } from './context.ts';
import { openFixture, tenantId, type Fixture } from '../test/fixture.ts';
import { DataError, toDataError, type DataErrorCode } from './errors.ts';

const missing = '00000000-0000-4000-8000-00000000dead';

describe('DataError', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
    await fixture.session(1).query("insert into shop.item (name) values ('taken')");
    await fixture.asOwner(`
      create function shop.refuse_cheap() returns trigger language plpgsql as $$
      begin
        raise exception using errcode = '23514', constraint = 'too_cheap', message = 'secret 0.01', hint = 'Ask for more.';
      end $$;
      create trigger cheap before insert on shop.item for each row when (new.price = 0.01)
        execute function shop.refuse_cheap();
      create function shop.wait() returns void language sql as 'select pg_sleep(5)';
      grant execute on function shop.wait() to bulkhead_app;
    `);
  });
  after(() => fixture.close());

  const refused = async (text: string, values: unknown[] = []): Promise<DataError> => {
    const error = await fixture
      .session(1)
      .query(text, values)
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof DataError, `${text} was not refused`);
    return error;
  };

  const cases: [code: DataErrorCode, sqlstate: string, text: string, values?: unknown[]][] = [
    ['already_exists', '23505', "insert into shop.item (name) values ('taken')"],
    ['value_missing', '23502', 'insert into shop.item (price) values (1)'],
    ['invalid_value', '23514', "insert into shop.item (name, price) values ('x', -1)"],
    ['invalid_value', '22P02', 'select $1::uuid', ['not-a-uuid']],
    ['invalid_value', '22003', 'select $1::numeric(4, 2)', ['12345']],
    ['invalid_value', '22021', 'select $1::text', ['a\0b']],
    ['reference_missing', '23503', 'insert into shop.note (item_id) values ($1)', [missing]],
    ['row_refused', '42501', "insert into shop.item (name, tenant_id) values ('x', $1)", [tenantId(2)]],
    ['privilege_refused', '42501', 'select * from bulkhead.context_key'],
    ['privilege_refused', '42501', 'update shop.item set created_at = now()'],
    ['delete_refused', '42501', 'delete from shop.item'],
    ['statement_refused', '42601', 'select 1; select 2'],
    ['internal', '42601', 'select from where'],
    ['internal', '08P01', 'select $1::int', []],
    ['internal', '42P01', 'select * from shop.nothing'],
  ];
  for (const [code, sqlstate, text, values] of cases) {
    test(`${code} (${sqlstate}): ${text}`, async () => {
      const error = await refused(text, values);
      assert.deepEqual({ code: error.code, sqlstate: error.sqlstate }, { code, sqlstate });
    });
  }

  test('a refused delete says how to delete softly', async () => {
    const { hint } = await refused('with gone as (delete from shop.item returning id) select * from gone');
    assert.match(hint ?? '', /set deleted_at = now\(\)/);
  });

  test('a parent still referenced keeps its constraint and table', async () => {
    const session = fixture.session(1);
    const { rows } = await session.query<{ id: string }>(
      "insert into shop.item (name) values ('p') returning id",
    );
    await session.query('insert into shop.note (item_id) values ($1)', [rows[0]?.id]);
    await fixture.asOwner(`select bulkhead.protect_table('shop.item', 'tenant', '{"delete": "hard"}')`);
    const error = await refused('delete from shop.item where id = $1', [rows[0]?.id]);
    await fixture.asOwner(`select bulkhead.protect_table('shop.item')`);
    assert.equal(error.code, 'still_referenced');
    assert.deepEqual([error.constraint, error.table], ['note_item_fkey', 'shop.note']);
  });

  test('a rule of the schema gives its constraint name and its hint', async () => {
    const error = await refused("insert into shop.item (name, price) values ('x', 0.01)");
    assert.deepEqual(
      [error.code, error.constraint, error.hint],
      ['invalid_value', 'too_cheap', 'Ask for more.'],
    );
  });

  test('the message holds no value, name or SQL, and the cause keeps them', async () => {
    const error = await refused("insert into shop.item (name) values ('taken')");
    assert.doesNotMatch(error.message, /taken|item|insert/);
    assert.match(String(error.cause), /item_name_unique/);
    assert.equal(error.constraint, 'item_name_unique');
  });

  test("Postgres' own hints, which quote the SQL, stay in the cause", async () => {
    const error = await refused('select nme from shop.item');
    assert.equal(error.hint, undefined);
    assert.match(String((error.cause as { hint: string }).hint), /item\.name/);
  });

  test('ISO-5: contexts sealed with an unknown key or expired are refused', async () => {
    const { key } = fixture.database;
    const forger = new ContextSealer({ key: { id: key.id, secret: new Uint8Array(32) } });
    const late = new ContextSealer({ key, clock: () => Date.now() - 120_000 });
    for (const sealer of [forger, late]) {
      const session = fixture.open({ sealer }).as(fixture.session(1).context);
      await assert.rejects(session.query('select * from shop.item'), {
        code: 'context_refused',
        sqlstate: '42501',
      });
    }
  });

  test('a context that cannot be sealed is refused and leaves the connection usable', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 1 } });
    const actor = { kind: 'account', id: missing } as const;
    await assert.rejects(pool.as({ tenant: 'nobody', actor }).query('select 1'), { code: 'context_refused' });
    assert.equal((await pool.as({ tenant: tenantId(1), actor }).query('select 1')).rowCount, 1);
  });

  test('a statement that takes too long is stopped', async () => {
    const session = fixture.session(1);
    const pause = session.transaction(async (tx) => {
      await tx.query("select set_config('statement_timeout', '20ms', true)");
      await tx.query('select shop.wait()');
    });
    await assert.rejects(pause, { code: 'timeout', sqlstate: '57014' });
  });

  test('a deadlock asks for another try', async () => {
    const session = fixture.session(3);
    await session.query("insert into shop.item (name) values ('a'), ('b')");
    const gate = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() };
    const lock = (mine: 'a' | 'b', other: 'a' | 'b'): Promise<unknown> =>
      session.transaction(async (tx) => {
        const text = 'update shop.item set price = 1 where name = $1';
        await tx.query(text, [mine]);
        gate[mine].resolve();
        await gate[other].promise;
        await tx.query(text, [other]);
      });
    const ends = await Promise.allSettled([lock('a', 'b'), lock('b', 'a')]);
    const failed = ends
      .filter((end) => end.status === 'rejected')
      .map((end) => (end.reason as DataError).code);
    assert.deepEqual(failed, ['retry']);
  });

  test('a value that cannot be converted never reaches the wire', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    assert.equal((await refused('select $1::json', [circular])).code, 'invalid_value');
    assert.equal(
      (
        await refused(
          'select 1',
          Array.from({ length: 65_536 }, () => 1),
        )
      ).code,
      'invalid_value',
    );
  });

  test('nobody listening, a wrong password and an unknown database are database_unavailable', async () => {
    const { app } = fixture.database.connections;
    for (const connection of [
      { ...app, port: 1 },
      { ...app, database: 'nowhere' },
    ]) {
      const session = fixture.open({ connection }).as(fixture.session(1).context);
      await assert.rejects(session.query('select 1'), { code: 'database_unavailable' });
    }
  });

  test('a defect of the caller is internal, not an outage', () => {
    assert.equal(toDataError(new TypeError('x is not a function')).code, 'internal');
  });
});
