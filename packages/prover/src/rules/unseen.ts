import type { Unseen } from '../catalog/types.ts';
import { nameOf } from '../parse/facts.ts';
import { routineName, tablesOf, type Subject } from './rule.ts';

/** What the rules could not judge, so that silence about it is no pass. */
export function unseenBy(subject: Subject): Unseen[] {
  return [
    ...rolesUnseen(subject),
    ...policiesUnseen(subject),
    ...routinesUnseen(subject),
    ...tablesUnseen(subject),
  ];
}

function rolesUnseen({ model, access }: Subject): Unseen[] {
  if (model.applicationRoles.length === 0) {
    return [
      {
        what: 'the application role',
        why: 'no role but owners and superusers has a privilege on a table; name it with --role',
      },
    ];
  }
  return model.applicationRoles
    .filter((role) => access.role(role) === undefined)
    .map((role) => ({ what: `role ${role}`, why: 'there is no such role' }));
}

function policiesUnseen({ facts, catalog }: Subject): Unseen[] {
  return catalog.relations.flatMap((relation) =>
    (facts.policies.get(relation.id) ?? []).flatMap(({ policy, using, check }) =>
      [...(using?.parts ?? []), ...(check === using ? [] : (check?.parts ?? []))]
        .filter(({ lets }) => lets === 'unknown')
        .map(({ why }) => ({
          what: `policy ${policy.name} on ${nameOf(relation)}`,
          why: why ?? 'its form is not understood',
        })),
    ),
  );
}

/** Functions that run as a more powerful role and can be called: their bodies decide, and must have been read. */
function routinesUnseen({ catalog, facts, access, model }: Subject): Unseen[] {
  return catalog.routines
    .filter((routine) => routine.securityDefiner && routine.extension === null && !routine.returnsTrigger)
    .filter((routine) => model.applicationRoles.some((role) => access.mayExecute(role, routine)))
    .flatMap((routine) => {
      const body = facts.bodies(routine.id);
      const why = body?.unseen ?? (body?.dynamic.length ? 'it builds SQL as it runs' : null);
      return why === null ? [] : [{ what: `function ${routineName(routine)}`, why }];
    });
}

function tablesUnseen(subject: Subject): Unseen[] {
  if (tablesOf(subject).length === 0) {
    const { exposedSchemas } = subject.model;
    return [
      {
        what: 'tables',
        why:
          exposedSchemas.length === 0
            ? 'no schema is in reach of an application role'
            : `there is none in ${exposedSchemas.join(', ')}`,
      },
    ];
  }
  return subject.model.unresolved.map(({ relationId, why }) => {
    const relation = subject.facts.lookup.relation(relationId);
    return { what: `table ${relation === undefined ? relationId : nameOf(relation)}`, why };
  });
}
