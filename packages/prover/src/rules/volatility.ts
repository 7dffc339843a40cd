import type { Routine } from '../catalog/types.ts';
import { managedSchemas } from '../model/settings.ts';
import { identitiesOfRoutine } from '../parse/identity.ts';
import { relationsRead } from '../parse/routine.ts';
import { policySites } from './identitySource.ts';
import { policyObject, routineName, routineObject, type Rule, type Subject } from './rule.ts';

const volatileBuiltIns = new Set([
  'random',
  'clock_timestamp',
  'nextval',
  'gen_random_uuid',
  'timeofday',
  'set_config',
  'setseed',
  'uuidv4',
  'uuidv7',
  'random_normal',
]);

const ownRoutines = ({ catalog, model }: Subject): Routine[] =>
  catalog.routines.filter(
    ({ schema, extension }) => extension === null && model.exposedSchemas.includes(schema),
  );

/** Platforms' own functions are not the user's to declare. */
const isVolatile = (routine: Routine | undefined): boolean =>
  routine?.volatility === 'volatile' && !managedSchemas.has(routine.schema);

export const volatileInPolicy: Rule = {
  id: 'BH013',
  severity: 'medium',
  title: 'A policy calls a volatile function',
  explanation:
    'A volatile function is called anew for every row and may answer differently each time; it can also change data while a query is only read. No index serves such a condition.',
  remedy: 'Declare the function STABLE if it only reads, or take it out of the policy.',
  cites: ['https://www.postgresql.org/docs/current/xfunc-volatility.html'],
  check: (subject) =>
    policySites(subject).flatMap(({ relation, policy, clauses }) => {
      const call = clauses
        .flatMap(({ calls }) => calls)
        .find(({ name, routines }) =>
          routines.length === 0
            ? name.length === 1 && volatileBuiltIns.has(name[0] ?? '')
            : routines.every((id) => isVolatile(subject.facts.lookup.routine(id))),
        );
      if (call === undefined) return [];
      const routine =
        call.routines[0] === undefined ? undefined : subject.facts.lookup.routine(call.routines[0]);
      return [
        {
          object: policyObject(relation, policy),
          message: `It calls ${call.name.join('.')}, which is volatile.`,
          fix: routine === undefined ? null : `alter function ${routineName(routine)} stable;`,
          severity: routine === undefined ? ('medium' as const) : ('low' as const),
        },
      ];
    }),
};

export const immutableReader: Rule = {
  id: 'BH014',
  severity: 'critical',
  title: 'An IMMUTABLE function reads who the session is',
  explanation:
    'Postgres evaluates an immutable call once and keeps its value in the plan. A prepared statement or a PL/pgSQL function then serves the first tenant’s value to the next: tenant 2 was given tenant 1’s rows.',
  remedy: 'Declare the function STABLE.',
  cites: ['T-15', 'T-14', 'https://www.postgresql.org/docs/current/xfunc-volatility.html'],
  check: (subject) =>
    ownRoutines(subject)
      .filter(({ volatility }) => volatility === 'immutable')
      .flatMap((routine) => {
        const body = subject.facts.bodies(routine.id);
        const session = identitiesOfRoutine(routine.id, subject.facts.resolver).length > 0;
        const table =
          body?.statements.some(
            ({ query }) => relationsRead(query, subject.facts.lookup, body.paths).length > 0,
          ) === true;
        if (!session && !table) return [];
        return [
          {
            object: routineObject(routine),
            message: session ? 'It reads a setting, a claim or the current role.' : 'It reads a table.',
            fix: `alter function ${routineName(routine)} stable;`,
            severity: session ? ('critical' as const) : ('medium' as const),
          },
        ];
      }),
};

export const leakproofRoutine: Rule = {
  id: 'BH046',
  severity: 'medium',
  title: 'A function is marked LEAKPROOF',
  explanation:
    'The planner runs a leakproof function before a policy’s condition, on rows that the policy would hide. If it can raise an error, print a notice or take longer for some values, it tells of those rows.',
  remedy: 'Mark it NOT LEAKPROOF unless its every path has been examined.',
  cites: ['T-13', 'T-25', 'https://www.postgresql.org/docs/current/sql-createfunction.html'],
  check: (subject) =>
    ownRoutines(subject)
      .filter(({ leakproof }) => leakproof)
      .map((routine) => ({
        object: routineObject(routine),
        message: 'It sees rows before policies do.',
        fix: `alter function ${routineName(routine)} not leakproof;`,
      })),
};
