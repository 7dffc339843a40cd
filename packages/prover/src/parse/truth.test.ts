import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Relation, Routine } from '../catalog/types.ts';
import { readClause, type Clause } from './clause.ts';
import { createLookup } from './lookup.ts';
import { createParser, type Parser } from './parser.ts';
import { readRoutine } from './routine.ts';

const column = (name: string, notNull = true) => ({ name, notNull }) as Relation['columns'][number];
const relation = (name: string, rls: boolean, columns: Relation['columns']): Relation =>
  ({ id: name, schema: 'app', name, kind: 'r', rls, columns }) as Relation;
const doc = relation('doc', true, [
  column('tenant_id'),
  column('owner', false),
  column('status'),
  column('public', false),
]);
const member = relation('member', true, [column('tenant_id'), column('person')]);

const sql = (signature: string, body: string, more: Partial<Routine> = {}): Routine => {
  const [, name = '', parameters = ''] = /^(\w+)\((.*)\)$/.exec(signature) ?? [];
  const rest = {
    schema: 'app',
    language: 'sql',
    settings: [],
    extension: null,
    standardBody: false,
    securityDefiner: false,
  };
  return { id: name, name, arguments: parameters, body, ...rest, ...more } as unknown as Routine;
};
const routines = [
  sql('tenant()', `select nullif(current_setting('app.tenant', true), '')::uuid`),
  sql('same(a uuid)', 'select a = app.tenant()'),
  sql('yes()', 'select true'),
  sql(
    'is_member(wanted uuid)',
    'select exists (select from app.member m where m.tenant_id = wanted and m.person = app.tenant())',
  ),
  sql('opaque(a uuid)', '', { language: 'c', body: null }),
];
const lookup = createLookup({ relations: [doc, member], routines });

let parser: Parser;
before(async () => {
  parser = await createParser();
});

function read(text: string): Clause {
  const resolver = {
    lookup,
    bodies: (id: string) => {
      const routine = lookup.routine(id);
      return routine === undefined ? undefined : readRoutine(routine, parser);
    },
  };
  return readClause(text, parser.expression(text), { relation: doc, resolver });
}

const always = [
  'true',
  '1 = 1',
  'not false',
  "'a' = 'a'",
  'tenant_id = tenant_id',
  'owner = owner',
  'tenant_id is not null',
  'status is null or status is not null',
  'tenant_id = app.tenant() or true',
  'coalesce(null, true)',
  'coalesce(true, public)',
  'app.yes()',
  '(select app.yes())',
  'exists (select 1)',
  'case when true then true else public end',
  "status = 'a' or status <> 'a'",
  'current_user is not null',
];
for (const text of always) {
  test(`T-4: always true: ${text}`, () => {
    const clause = read(text);
    assert.ok(clause.always);
    assert.ok(clause.parts.some(({ lets }) => lets === 'open'));
  });
}

for (const text of [
  'public',
  'tenant_id = app.tenant()',
  'owner is not null',
  'owner is null',
  "status = 'open'",
  'true and public',
  'exists (select from app.member)',
  'case when public then true end',
  'app.opaque(tenant_id)',
]) {
  test(`T-4: not always true: ${text}`, () => {
    const clause = read(text);
    assert.ok(!clause.always && !clause.never);
  });
}

for (const text of [
  'false',
  '1 = 2',
  'null',
  'tenant_id is null',
  'public and false',
  'not true',
  'tenant_id = null',
]) {
  test(`T-4: never true: ${text}`, () => assert.ok(read(text).never));
}

for (const [text, how] of [
  [`current_setting('app.tenant', true) is null or tenant_id = app.tenant()`, 'never set'],
  ['app.tenant() is null or tenant_id = app.tenant()', 'never set'],
  ['not (app.tenant() is not null) or tenant_id = app.tenant()', 'never set'],
  ['tenant_id = coalesce(app.tenant(), tenant_id)', 'never set'],
  [`current_setting('app.tenant', true) = '' or tenant_id = app.tenant()`, 'empty'],
  [`coalesce(current_setting('app.tenant', true), '') = '' or tenant_id = app.tenant()`, 'never set'],
  ['case when app.tenant() is null then true else tenant_id = app.tenant() end', 'never set'],
] as const) {
  test(`T-16: open while the identity is ${how}: ${text}`, () => assert.equal(read(text).openWithout, how));
}

for (const text of [
  'tenant_id = app.tenant()',
  `tenant_id = current_setting('app.tenant', true)::uuid`,
  'app.tenant() is not null and tenant_id = app.tenant()',
  'public or tenant_id = app.tenant()',
  'owner is not distinct from app.tenant()',
]) {
  test(`T-16: not open without identity: ${text}`, () => assert.equal(read(text).openWithout, null));
}

for (const [text, expected] of [
  ['tenant_id = app.tenant()', ['confined']],
  ['app.same(tenant_id)', ['confined']],
  ['app.same(tenant_id) = true', ['confined']],
  ['app.is_member(tenant_id)', ['confined']],
  ['tenant_id in (select m.tenant_id from app.member m where m.person = app.tenant())', ['confined']],
  [
    'exists (select from app.member m where m.tenant_id = doc.tenant_id and m.person = app.tenant())',
    ['confined'],
  ],
  ['exists (select from app.member m where m.tenant_id = doc.tenant_id)', ['confined']],
  ['exists (select from app.member m where m.person = app.tenant())', ['gate']],
  [`exists (select from app.member m where m.person = '00000000-0000-0000-0000-000000000000')`, ['unbound']],
  [`status = 'open' or tenant_id = app.tenant()`, ['row', 'confined']],
  [`(status = 'open' or public) and tenant_id = app.tenant()`, ['confined', 'confined']],
  [`current_setting('app.admin', true) = 'on' or tenant_id = app.tenant()`, ['bypass', 'confined']],
  [`not (tenant_id <> app.tenant() or public)`, ['row']],
  ['app.opaque(tenant_id)', ['unknown']],
  ['app.opaque(tenant_id) and tenant_id = app.tenant()', ['confined']],
  ['tenant_id = any (array[app.tenant()])', ['confined']],
  ['tenant_id <> app.tenant()', ['row']],
] as const) {
  test(`PRO-1: what each alternative lets pass: ${text}`, () =>
    assert.deepEqual(
      read(text).parts.map(({ lets }) => lets),
      expected,
    ));
}

test('PRO-1: a call in a subquery of its own is made once, one beside the row for each row', () => {
  const perRow = (text: string): string[] =>
    read(text)
      .calls.filter((call) => call.perRow)
      .map(({ name }) => name.join('.'));
  assert.deepEqual(perRow('tenant_id = app.tenant()'), ['app.tenant']);
  assert.deepEqual(perRow('tenant_id = (select app.tenant())'), []);
  assert.deepEqual(perRow('app.same(tenant_id)'), []);
});

test('T-16: a setting cast while it may be empty is told from one that may not', () => {
  const casts = (text: string): (string | null)[] => read(text).settings.map(({ rawCast }) => rawCast);
  assert.deepEqual(casts(`tenant_id = (select current_setting('app.t', true)::uuid)`), ['uuid']);
  assert.deepEqual(casts(`tenant_id = nullif(current_setting('app.t', true), '')::uuid`), [null]);
  assert.deepEqual(casts(`status = current_setting('app.t', true)::text`), [null]);
});

test('PRO-1: claims are read through helper operators and casts', () => {
  const [identity] = read(
    `tenant_id = (current_setting('request.jwt.claims', true)::json -> 'app_metadata' ->> 'org')::uuid`,
  ).identities;
  assert.deepEqual(identity, {
    kind: 'claim',
    setting: 'request.jwt.claims',
    path: ['app_metadata', 'org'],
    cast: 'uuid',
  });
});
