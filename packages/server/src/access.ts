import { platformAccess } from '@bulkhead/platform/access';
import type { ModuleAccess, Permission } from '@bulkhead/platform/access';
import type { ConstraintAnswers } from './problem/problem.ts';
import type { Module, ModuleError } from './module.ts';

/** Permissions and roles of the platform and of every module, as the access slice wants them. */
export function mergeAccess(modules: readonly Module[]): ModuleAccess[] {
  return [...platformAccess, ...modules.map(toAccess)];
}

/** Every permission there is. */
export function permissionsIn(access: readonly ModuleAccess[]): ReadonlySet<string> {
  return new Set(access.flatMap(({ permissions }) => permissions));
}

/**
 * How violations of the modules' constraints are answered.
 *
 * @throws {Error} when two modules answer for the same constraint differently
 */
export function mergeAnswers(modules: readonly Module[]): ConstraintAnswers {
  const answers = new Map<string, ModuleError>();
  for (const { name, errors = {} } of modules) {
    for (const [constraint, answer] of Object.entries(errors)) {
      if (answers.has(constraint)) {
        throw new Error(`Module ${name}: another module answers for constraint "${constraint}".`);
      }
      answers.set(constraint, answer);
    }
  }
  return answers;
}

function toAccess({ name, permissions, roles }: Module): ModuleAccess {
  return {
    name,
    permissions: Object.keys(permissions) as Permission[],
    roles: Object.fromEntries(
      Object.entries(roles).map(([role, { permissions: given }]) => [
        role.slice(name.length + 1),
        given as readonly Permission[],
      ]),
    ),
  };
}
