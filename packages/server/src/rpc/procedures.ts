import { getEventIteratorSchemaDetails, isContractProcedure } from '@orpc/contract';
import type { AnyContractProcedure, AnySchema } from '@orpc/contract';
import { isProcedure, os, traverseContractProcedures } from '@orpc/server';
import type { AnyRouter } from '@orpc/server';
import * as z from 'zod';
import type { ProcedureMeta } from '../contract/index.ts';
import type { Module } from '../module.ts';

/** One procedure of the whole server, platform's or module's. */
export type MountedProcedure = {
  /** Path in the router, e.g. `['books', 'invoices', 'list']`. */
  path: readonly string[];
  method: string;
  /** Path under `/api`, with the module's prefix, e.g. `/books/invoices/{id}`. */
  url: string;
  meta: ProcedureMeta;
  /** Answers with a stream of events. */
  streams: boolean;
  contract: AnyContractProcedure;
};

/** A contract that start-up refuses to serve; the message names the procedure. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  readonly code = 'contract_refused';
}

/**
 * Mounts the modules' routers beside the platform's, each under its name.
 *
 * @throws {ContractError} when a module's name is taken
 */
export function mountRouter(platform: AnyRouter, modules: readonly Module[]): AnyRouter {
  const mounted: Record<string, AnyRouter> = { ...(platform as Record<string, AnyRouter>) };
  for (const module of modules) {
    if (Object.hasOwn(mounted, module.name)) {
      throw new ContractError(`The name "${module.name}" of a module is taken.`);
    }
    assertImplemented(module);
    mounted[module.name] = os.prefix(`/${module.name}`).router(module.router);
  }
  return mounted;
}

const meta = z.strictObject({
  permission: z.union([
    z.literal(['public', 'signed-in']),
    z.string().regex(/^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/),
  ]),
  rate: z.enum(['read', 'write', 'sign-in', 'forgot', 'heavy']),
  scope: z.enum(['tenant', 'company']).optional(),
  stepUp: z.boolean().optional(),
  confined: z.boolean().optional(),
  operator: z.boolean().optional(),
  bodyLimit: z
    .int()
    .min(1)
    .max(64 * 1024 * 1024)
    .optional(),
});

/**
 * Every procedure of a router, checked: it names a declared permission and a rate class, has a
 * method and a path of its own, and parses its input strictly.
 *
 * @param options.permissions every permission the platform and the modules declare
 * @param options.modules names of modules, whose procedures need a permission of their own module
 * @throws {ContractError} naming the first procedure at fault
 */
export function listProcedures(
  router: AnyRouter,
  options: { permissions: ReadonlySet<string>; modules: ReadonlySet<string> },
): MountedProcedure[] {
  const procedures: MountedProcedure[] = [];
  const taken = new Set<string>();
  traverseContractProcedures({ router, path: [] }, ({ contract, path }) => {
    const procedure = checkProcedure(contract, { path, ...options });
    const address = `${procedure.method} ${procedure.url.replaceAll(/\{[^}]*\}/g, '{}')}`;
    if (taken.has(address)) refuse(path, `answers ${address}, which another procedure does`);
    taken.add(address);
    procedures.push(procedure);
  });
  return procedures;
}

function checkProcedure(
  contract: AnyContractProcedure,
  options: {
    path: readonly string[];
    permissions: ReadonlySet<string>;
    modules: ReadonlySet<string>;
  },
): MountedProcedure {
  const { path, permissions, modules } = options;
  const { route, ...schemas } = contract['~orpc'];
  const { inputSchema, outputSchema } = schemas as { inputSchema: unknown; outputSchema: unknown };
  const parsed = meta.safeParse(contract['~orpc'].meta);
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    refuse(path, `has no valid meta.${first?.path.join('.') ?? ''}: ${first?.message ?? ''}`);
  }
  const { permission } = parsed.data;
  const isOpen = permission === 'public' || permission === 'signed-in';
  if (permission === 'public' && parsed.data.stepUp === true) {
    refuse(path, 'is public and asks for step-up, which only a session can give');
  }
  if (permission !== 'signed-in' && parsed.data.operator === true) {
    refuse(path, "is for operators, who act under 'signed-in' and not under a tenant's permission");
  }
  const [owner = ''] = path;
  if (modules.has(owner) && !permission.startsWith(`${owner}:`)) {
    refuse(path, `needs a permission of its own module, not "${permission}"`);
  }
  if (!isOpen && !permissions.has(permission)) {
    refuse(path, `needs "${permission}", which nobody declares`);
  }
  if (route.method === undefined || route.path === undefined) {
    refuse(path, 'has no method or path');
  }
  if (inputSchema === undefined || !isStrict(inputSchema)) {
    refuse(path, 'must parse its input with a strict object');
  }
  if (outputSchema === undefined) refuse(path, 'has no output schema');
  return {
    path,
    method: route.method,
    url: route.path,
    meta: parsed.data as ProcedureMeta,
    streams: getEventIteratorSchemaDetails(outputSchema as AnySchema) !== undefined,
    contract,
  };
}

/** True for a zod object that refuses unknown keys, also when optional, with a default, or piped on. */
function isStrict(schema: unknown): boolean {
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  if (isWrapped) return isStrict(schema.unwrap());
  if (schema instanceof z.ZodPipe) return isStrict(schema.in);
  if (schema instanceof z.ZodDiscriminatedUnion || schema instanceof z.ZodUnion) {
    return schema.options.every(isStrict);
  }
  return schema instanceof z.ZodObject && schema.def.catchall instanceof z.ZodNever;
}

function assertImplemented(module: Module): void {
  traverseContractProcedures({ router: module.contract, path: [] }, ({ path }) => {
    let found: unknown = module.router;
    for (const segment of path) {
      found = typeof found === 'object' && found !== null ? Reflect.get(found, segment) : undefined;
    }
    if (!isProcedure(found)) refuse([module.name, ...path], 'is in the contract but not implemented');
  });
  if (isContractProcedure(module.contract)) {
    throw new ContractError(`Module ${module.name}: the contract must be an object of procedures.`);
  }
}

function refuse(path: readonly string[], problem: string): never {
  throw new ContractError(`Procedure ${path.join('.')} ${problem}.`);
}
