import type { Catalog, Relation } from '../catalog/types.ts';
import { outside, reachedBody } from './routines.ts';

/** Languages in which a trigger can only do what a rollback undoes, as long as it calls nothing that reaches outside. */
const contained = new Set(['sql', 'plpgsql', 'internal']);

/**
 * Tables to which nothing is written, by relation id, with the reason: a trigger of theirs, or of a table that follows
 * theirs by a cascade, may reach outside the database, where a rollback undoes nothing.
 */
export function readDangers({ relations, routines }: Catalog): Map<string, string> {
  const dangers = new Map<string, string>();
  const byId = new Map(routines.map((routine) => [routine.id, routine]));
  for (const { id, triggers } of relations) {
    for (const { name, functionId, enabled } of triggers) {
      const routine = byId.get(functionId);
      if (!enabled || routine === undefined || routine.extension !== null) continue;
      const reach = contained.has(routine.language)
        ? outside.exec(reachedBody(routine, routines))?.[0]
        : `language ${routine.language}`;
      if (reach !== undefined && reach !== 'nextval')
        dangers.set(id, `nothing is written: trigger ${name} may reach outside the database (${reach})`);
    }
  }
  for (let grown = true; grown;) grown = spread(relations, dangers);
  return dangers;
}

/** Passes dangers on to tables whose changes cascade to one that has them. */
function spread(relations: readonly Relation[], dangers: Map<string, string>): boolean {
  const before = dangers.size;
  for (const { id, foreignKeys } of relations) {
    const danger = dangers.get(id);
    if (danger === undefined) continue;
    for (const { parentId, onDelete, onUpdate } of foreignKeys) {
      const follows = [onDelete, onUpdate].some((action) => action !== 'no action' && action !== 'restrict');
      if (follows && !dangers.has(parentId)) dangers.set(parentId, danger);
    }
  }
  return dangers.size > before;
}
