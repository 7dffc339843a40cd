import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DataError } from './errors.ts';
import { StatementJudge } from './statement.ts';

const judge = new StatementJudge();

describe('statements', () => {
  const accepted = [
    'select 1',
    '  SELECT 1',
    '\n-- comment\nselect 1',
    '/* a /* nested */ comment */ select 1',
    '((select 1) union (select 2))',
    'with a as (select 1) select * from a',
    'values (1)',
    'table shop.item',
    'insert into shop.item default values',
    'update shop.item set name = $1',
    'delete from shop.note',
    'merge into shop.item using shop.note on true when not matched then do nothing',
  ];
  for (const text of accepted) {
    test(`T-17: accepts ${JSON.stringify(text)}`, () => {
      assert.ok(judge.judge(text).accepted);
    });
  }

  const refused = [
    'set bulkhead.context = $1',
    'reset all',
    'begin',
    'commit',
    'listen everything',
    'notify everything',
    'declare c cursor with hold for select 1',
    'prepare p as select 1',
    'execute p',
    'deallocate all',
    "do 'begin end'",
    'call p()',
    'copy shop.item to stdout',
    'explain analyze select 1',
    'lock shop.item',
    'create temp table t (a int)',
    'truncate shop.item',
    'discard all',
    'selection 1',
    'select$ 1',
    '/* select */ set role postgres',
    '-- select\nset role postgres',
    '/* never closed select 1',
    '/* a */ /* b */ vacuum',
    '',
    ';',
    '; select 1',
    'select 1\0',
  ];
  for (const text of refused) {
    test(`T-17: refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => judge.judge(text),
        (error) => error instanceof DataError && error.code === 'statement_refused',
      );
    });
  }

  const inert = [
    'select id, name from books.customer where id = $1 and name in ($2, $3)',
    'select "t"."id" from "books"."customer" as "t" where ("t"."name" = $1) order by "t"."id" limit 10',
    'insert into "books"."customer" ("id", "name") values ($1, $2) on conflict ("id") do nothing returning *',
    "select count(*), coalesce(sum(amount), 0) from books.line where note = 'it''s set_config(1)'",
    'update books.customer set deleted_at = now() where id = $1',
    "select $1::numeric(12, 2), date_trunc('month', created_at) from books.line",
  ];
  for (const text of inert) {
    test(`leaves the session alone: ${text}`, () => {
      assert.ok(judge.judge(text).inert);
    });
  }

  const mayLeaveSomething = [
    "select set_config('a.b', 'x', false)",
    "select pg_catalog . set_config ('a.b', 'x', false)",
    `select "set_config"('a.b', 'x', false)`,
    `select U&"set\\005fconfig"('a.b', 'x', false)`,
    "select set_config/**/('a.b', 'x', false)",
    "select set_config--\n('a.b', 'x', false)",
    `select "a'b", set_config('x','y',false), "c'd" from t`,
    `select 'a"b', set_config('x','y',false), 'c"d' from t`,
    "select E'a\\'', set_config('x','y',false), ''",
    "select $$'$$, set_config('x','y',false), $$'$$",
    "select $a$'$a$, set_config('x','y',false), $a$'$a$",
    'select (1::bigint).pg_advisory_lock',
    'select (array[1::bigint])[1] . pg_advisory_lock',
    'select $1.pg_advisory_lock',
    'select s.pg_advisory_lock from generate_series(1::bigint, 1::bigint) s',
    "with t as (select 1) insert into t select set_config('x', 'y', false)",
    'insert into t (a) select pg_advisory_lock(1)',
    'select shop.count(1)',
    "select query_to_xml('select set_config(1)', true, true, '')",
    'select "co unt"(1)',
    'select sеt_config(1)',
  ];
  for (const text of mayLeaveSomething) {
    test(`T-17: may leave something in the session: ${text}`, () => {
      assert.equal(judge.judge(text).inert, false);
    });
  }

  test('T-17: no spelling of a call hides between strings, names and comments', () => {
    const piece = fc.constantFrom(
      "''",
      "'a'",
      "'\"'",
      '"\'"',
      '"a"',
      "'('",
      '1',
      '$1',
      'name',
      "'/*'",
      "'*/'",
      "'--'",
    );
    const call = fc.constantFrom('set_config(', '"set_config"(', 'pg_catalog.set_config (', 'Set_Config\n(');
    const list = fc.array(piece, { maxLength: 6 });
    const text = fc
      .tuple(list, call, list)
      .map(([left, name, right]) => `select ${[...left, `${name}1)`, ...right].join(', ')}`);
    fc.assert(fc.property(text, (statement) => !judge.judge(statement).inert));
  });

  test('a text made to take long takes no time', () => {
    const began = performance.now();
    for (const filler of ['a', ' ', '(', '/*', '"', "'", '.a', 'into ', 'into a', '--', '$']) {
      const text = `select ${filler.repeat(1_000_000 / filler.length)}`;
      assert.doesNotThrow(() => judge.judge(text));
      judge.judge(`select ${filler.repeat(40_000 / filler.length)}`);
    }
    assert.ok(performance.now() - began < 3000);
  });

  test('knows a statement that only deletes', () => {
    assert.ok(judge.judge('delete from a').deletes);
    assert.ok(judge.judge('with d as (delete from a returning *) select * from d').deletes);
    assert.equal(
      judge.judge('with d as (delete from a returning *) insert into b select * from d').deletes,
      false,
    );
    assert.equal(judge.judge('select 1').deletes, false);
  });
});
