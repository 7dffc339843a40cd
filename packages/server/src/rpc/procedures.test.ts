import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oc } from '@orpc/contract';
import { implement } from '@orpc/server';
import * as z from 'zod';
import { nothing, procedure } from '../contract/index.ts';
import { defineModule } from '../module.ts';
import type { Module } from '../module.ts';
import { ContractError, listProcedures, mountRouter } from './procedures.ts';

const route = { method: 'GET', path: '/things', summary: 'Things' } as const;
const good = procedure({ permission: 'shop:thing.read', rate: 'read' }).route(route);
const output = z.object({ ok: z.boolean() });

/** What start-up says about a module with this one procedure. */
function refusalOf(contract: unknown): string {
  const implemented = implement({ list: contract } as never) as unknown as Record<
    string,
    { handler: (run: () => unknown) => unknown }
  >;
  const module = {
    name: 'shop',
    migrations: '',
    contract: { list: contract },
    router: { list: implemented['list']?.handler(() => ({ ok: true })) },
    permissions: { 'shop:thing.read': 'See things' },
    roles: {},
  } as unknown as Module;
  try {
    const router = mountRouter({}, [module]);
    listProcedures(router, {
      permissions: new Set(['shop:thing.read', 'other:thing.read']),
      modules: new Set(['shop']),
    });
    return '';
  } catch (error) {
    assert.ok(error instanceof ContractError, String(error));
    return error.message;
  }
}

test('ACC-1 a procedure with everything is taken', () => {
  assert.equal(refusalOf(good.input(nothing).output(output)), '');
});

const refused: { name: string; contract: unknown; says: RegExp }[] = [
  {
    name: 'without meta',
    contract: oc.route(route).input(nothing).output(output),
    says: /shop\.list has no valid meta\.permission/,
  },
  {
    name: 'without a permission',
    contract: oc.$meta({ rate: 'read' }).route(route).input(nothing).output(output),
    says: /meta\.permission/,
  },
  {
    name: 'without a rate class',
    contract: oc.$meta({ permission: 'shop:thing.read' }).route(route).input(nothing).output(output),
    says: /meta\.rate/,
  },
  {
    name: 'with a permission that is none',
    contract: oc.$meta({ permission: 'everything', rate: 'read' }).route(route).input(nothing).output(output),
    says: /meta\.permission/,
  },
  {
    name: 'with a permission nobody declares',
    contract: procedure({ permission: 'shop:thing.change', rate: 'read' })
      .route(route)
      .input(nothing)
      .output(output),
    says: /which nobody declares/,
  },
  {
    name: 'with another module’s permission',
    contract: procedure({ permission: 'other:thing.read', rate: 'read' })
      .route(route)
      .input(nothing)
      .output(output),
    says: /of its own module/,
  },
  {
    name: 'of a module, open to the public',
    contract: procedure({ permission: 'public', rate: 'read' }).route(route).input(nothing).output(output),
    says: /of its own module/,
  },
  {
    name: 'that is public and asks for step-up',
    contract: procedure({ permission: 'public', rate: 'read', stepUp: true })
      .route(route)
      .input(nothing)
      .output(output),
    says: /which only a session can give/,
  },
  {
    name: "for operators that asks for a tenant's permission",
    contract: procedure({ permission: 'demo:thing.read', rate: 'read', operator: true })
      .route(route)
      .input(nothing)
      .output(output),
    says: /for operators, who act under 'signed-in'/,
  },
  {
    name: 'with a loose input',
    contract: good.input(z.object({ a: z.string() })).output(output),
    says: /strict object/,
  },
  { name: 'without an input', contract: good.output(output), says: /strict object/ },
  { name: 'without an output', contract: good.input(nothing), says: /no output schema/ },
  {
    name: 'without a path',
    contract: procedure({ permission: 'shop:thing.read', rate: 'read' }).input(nothing).output(output),
    says: /no method or path/,
  },
];
for (const { name, contract, says } of refused) {
  test(`ACC-1 start-up refuses a procedure ${name}`, () => {
    assert.match(refusalOf(contract), says);
  });
}

test('two procedures cannot answer the same address, whatever their parameters are called', () => {
  const of = (path: `/${string}`) =>
    procedure({ permission: 'shop:thing.read', rate: 'read' })
      .route({ method: 'GET', path })
      .input(z.strictObject({ id: z.string() }))
      .output(output);
  const router = { one: of('/things/{id}'), two: of('/things/{name}') } as never;
  assert.throws(
    () => listProcedures(router, { permissions: new Set(['shop:thing.read']), modules: new Set() }),
    /two answers GET \/things\/\{\}/,
  );
});

test('a module that leaves a procedure of its contract out is refused, and so is a name that is taken', () => {
  const contract = { list: good.input(nothing).output(output) };
  const module = { name: 'shop', migrations: '', contract, router: {}, permissions: {}, roles: {} };
  assert.throws(() => mountRouter({}, [module]), /shop\.list is in the contract but not implemented/);
  assert.throws(() => mountRouter({ shop: {} }, [module]), /name "shop" of a module is taken/);
});

const modules: { name: string; change: Partial<Module>; says: RegExp }[] = [
  { name: 'name', change: { name: 'Shop' }, says: /must match/ },
  {
    name: 'permission of another module',
    change: { permissions: { 'other:thing.read': '' } },
    says: /must be shop:<noun>\.<verb>/,
  },
  {
    name: 'role of another module',
    change: { roles: { 'other:clerk': { description: '', permissions: [] } } },
    says: /must be shop:<role>/,
  },
  {
    name: 'role with an unknown permission',
    change: { roles: { 'shop:clerk': { description: '', permissions: ['shop:thing.eat'] } } },
    says: /does not declare/,
  },
];
for (const { name, change, says } of modules) {
  test(`defineModule refuses a ${name}`, () => {
    const module = { name: 'shop', migrations: '', contract: {}, router: {}, permissions: {}, roles: {} };
    assert.throws(() => defineModule({ ...module, ...change }), says);
  });
}
