import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ProcedureMeta } from '@bulkhead/server/contract';
import { isContractProcedure, type Route } from '@orpc/contract';
import { openTestBooks, type TestBooks } from '../test/openBooks.ts';
import { contract } from './contract/index.ts';
import { dataMap } from './dataMap.ts';
import { errors } from './errors.ts';
import { books as module } from './module.ts';
import { permissions, roles } from './roles.ts';

let books: TestBooks;
before(async () => {
  books = await openTestBooks();
});
after(() => books.close());

type Declared = { '~orpc': { meta: ProcedureMeta; route: Route } };
const nouns: Readonly<Record<string, Readonly<Record<string, Declared>>>> = contract;

const procedures = Object.entries(nouns).flatMap(([noun, verbs]) =>
  Object.entries(verbs).map(([verb, procedure]) => ({ name: `${noun}.${verb}`, procedure })),
);

test('every procedure names a declared permission, a route and a rate', () => {
  for (const { name, procedure } of procedures) {
    const { meta, route } = procedure['~orpc'];
    assert.ok(isContractProcedure(procedure), name);
    assert.ok(Object.hasOwn(permissions, meta.permission), `${name}: ${meta.permission}`);
    assert.match(meta.rate, /^(read|write|heavy)$/, name);
    assert.ok(route.method && route.path && route.summary, name);
    if (meta.permission.endsWith('.read')) assert.equal(route.method, 'GET', name);
    else assert.notEqual(route.method, 'GET', name);
  }
});

test('every permission is used, and each role has what its description says', () => {
  const used = new Set(procedures.map(({ procedure }) => procedure['~orpc'].meta.permission));
  assert.deepEqual([...used].toSorted(), Object.keys(permissions).toSorted());
  assert.ok(roles['books:viewer'].permissions.every((permission) => permission.endsWith('.read')));
  assert.ok(
    !roles['books:clerk'].permissions.some((permission) => /submit|cancel|sign-off|journal/.test(permission)),
  );
  assert.deepEqual(roles['books:accountant'].permissions, Object.keys(permissions));
});

test('every error answered is one that the schema raises', async () => {
  const owner = await books.connect('owner', await books.company());
  const { rows } = await owner.query<{ name: string }>(
    `select conname as name from pg_constraint where connamespace = 'books'::regnamespace
     union select relname from pg_class where relnamespace = 'books'::regnamespace and relkind = 'i'
     union select m[1] from pg_proc p, regexp_matches(p.prosrc, 'constraint = ''([a-z_]+)''', 'g') m
       where p.pronamespace = 'books'::regnamespace
     union select split_part(encode(tgargs, 'escape'), '\\000', 1) from pg_trigger
       where tgrelid in (select oid from pg_class where relnamespace = 'books'::regnamespace) and tgnargs > 0`,
  );
  const known = new Set(rows.map(({ name }) => name));
  for (const name of Object.keys(errors)) assert.ok(known.has(name), `nothing raises ${name}`);
  // And every rule raised by hand has an answer.
  const { rows: raised } = await owner.query<{ name: string }>(
    `select distinct m[1] as name from pg_proc p, regexp_matches(p.prosrc, 'constraint = ''([a-z_]+)''', 'g') m
     where p.pronamespace = 'books'::regnamespace`,
  );
  const ownersOnly = new Set([
    'company_profile_fixed',
    'sign_off_forward',
    'number_series_gapless',
    'ledger_account_fixed',
  ]);
  const unanswered = raised
    .map(({ name }) => name)
    .filter((name) => !Object.hasOwn(errors, name) && !ownersOnly.has(name));
  assert.deepEqual(unanswered, []);
});

test('every column of the data map exists', async () => {
  const owner = await books.connect('owner', await books.company());
  const { rows } = await owner.query<{ name: string }>(
    `select table_schema || '.' || table_name || '.' || column_name as name from information_schema.columns where table_schema = 'books'`,
  );
  const columns = new Set(rows.map(({ name }) => name));
  for (const { column } of dataMap) assert.ok(columns.has(column), column);
});

test('ISO-1, ISO-7: every table of books is protected, shared or exempt, and the module declares itself', async () => {
  const owner = await books.connect('owner', await books.company());
  const { rows } = await owner.query(`select * from bulkhead.unprotected_tables()`);
  assert.deepEqual(rows, []);
  assert.equal(module.name, 'books');
});

test('ISO-8: neither another company of the tenant nor another tenant sees anything of a company’s books', async () => {
  const company = await books.company();
  const sibling = await books.company({ tenant: company.tenant });
  const stranger = await books.company();
  const tables = ['company_profile', 'number_series', 'ledger_account', 'fiscal_period'];
  for (const other of [sibling, stranger]) {
    for (const table of tables) {
      const { rows } = await other.session.query<{ count: number }>(
        `select count(*)::int as count from books.${table} where company_id = $1`,
        [company.company],
      );
      assert.equal(rows[0]?.count, 0, table);
    }
  }
});
