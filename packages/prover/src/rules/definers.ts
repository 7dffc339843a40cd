import type { Relation, Routine } from '../catalog/types.ts';
import { nameOf, quoted } from '../parse/facts.ts';
import { expressionsOf, walk, type Expression } from '../parse/expression.ts';
import { identitiesOfRoutine } from '../parse/identity.ts';
import { parameterNames, searchPathOf } from '../parse/lookup.ts';
import { callsIn, relationsRead, type RoutineBody } from '../parse/routine.ts';
import { routineName, routineObject, type Rule, type Subject } from './rule.ts';

const ownRoutines = ({ catalog, model }: Subject): Routine[] =>
  catalog.routines.filter(
    ({ schema, extension }) => extension === null && model.exposedSchemas.includes(schema),
  );

const callers = ({ access, model }: Subject, routine: Routine): string[] =>
  model.applicationRoles.filter((role) => access.mayExecute(role, routine));

export const mutableSearchPath: Rule = {
  id: 'BH040',
  severity: 'high',
  title: 'A security definer function lets its caller decide what names mean',
  explanation:
    'Without a search_path of its own the function looks its tables, functions and operators up along the caller’s, and its caller can put his own before them and run them as the function’s owner. A path that names a schema in which application roles may create is no better. Temporary tables are searched first unless pg_temp is named last, so an unqualified table may be the caller’s. A function with a standard SQL body was bound when it was made and is safe.',
  remedy: 'Set search_path to an empty string and write every name with its schema.',
  cites: [
    'T-7',
    'CVE-2018-1058',
    'https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY',
  ],
  check: (subject) =>
    ownRoutines(subject)
      .filter(
        ({ securityDefiner, standardBody, language }) =>
          securityDefiner && !standardBody && language !== 'internal',
      )
      .flatMap((routine) => {
        const problem = pathProblem(subject, routine);
        if (problem === null) return [];
        return [
          {
            object: routineObject(routine),
            message: problem.message,
            fix: `alter function ${routineName(routine)} set search_path = ${safePath(subject, routine)};`,
            severity: problem.severity,
          },
        ];
      }),
};

function pathProblem(
  subject: Subject,
  routine: Routine,
): { message: string; severity: 'high' | 'medium' } | null {
  const path = searchPathOf(routine.settings);
  if (path === null) return { message: 'It sets no search_path.', severity: 'high' };
  const open = path.find((schema) => schema === '$user' || isOpen(subject, schema));
  if (open !== undefined)
    return {
      message: `Its search_path names ${open}, where application roles may create objects.`,
      severity: 'high',
    };
  const body = subject.facts.bodies(routine.id);
  const temporary =
    subject.access.granted(subject.catalog.databaseGrants, 'public', 'temporary') ||
    subject.model.applicationRoles.some((role) =>
      subject.access.granted(subject.catalog.databaseGrants, role, 'temporary'),
    );
  if (body?.unqualified !== true || !temporary || path.at(-1) === 'pg_temp') return null;
  return {
    message: 'It names a table without its schema, and temporary tables are searched first.',
    severity: 'medium',
  };
}

/** An empty path where the body can do with it, else the function's own with temporary tables last. */
function safePath(subject: Subject, routine: Routine): string {
  if (subject.facts.bodies(routine.id)?.unqualified !== true) return "''";
  const path = searchPathOf(routine.settings)?.filter(
    (schema) => schema !== '$user' && schema !== 'pg_temp' && !isOpen(subject, schema),
  );
  return [...(path ?? [routine.schema]).map(quoted), 'pg_temp'].join(', ');
}

function isOpen({ catalog, access, model }: Subject, name: string): boolean {
  const schema = catalog.schemas.find((each) => each.name === name);
  return (
    schema !== undefined &&
    model.applicationRoles.some((role) => access.granted(schema.grants, role, 'create'))
  );
}

/** Tenant tables that a body reads or writes as an owner to whom their policies do not apply. */
function exemptTables(subject: Subject, routine: Routine, body: RoutineBody): Relation[] {
  const ids = body.statements.flatMap(({ query, target, written }) => [
    ...relationsRead(query, subject.facts.lookup, body.paths),
    ...written.flatMap((each) =>
      each.kind === 'subquery' ? relationsRead(each.query, subject.facts.lookup, body.paths) : [],
    ),
    ...(target === null
      ? []
      : [subject.facts.lookup.relationNamed(target.schema, target.name, body.paths)?.id ?? '']),
  ]);
  return [...new Set(ids)]
    .map((id) => subject.facts.lookup.relation(id))
    .filter((relation) => relation !== undefined)
    .filter(
      (relation) =>
        subject.tenantTables.has(relation.id) && subject.access.exempt(routine.owner, relation) !== null,
    );
}

export const unconfinedDefiner: Rule = {
  id: 'BH041',
  severity: 'critical',
  title: 'A security definer function gives every tenant’s rows to its caller',
  explanation:
    'The function runs as an owner to whom the tables’ policies do not apply, application roles may call it, and nothing in it asks who the session is. A function that compares with the session’s identity is not reported, nor is one whose owner is subject to the policies. Bodies that cannot be read are listed as unseen.',
  remedy: 'Make it SECURITY INVOKER, compare with who the session is, or revoke EXECUTE.',
  cites: ['T-7', 'https://supabase.com/docs/guides/database/functions#security-definer-vs-invoker'],
  check: (subject) =>
    ownRoutines(subject)
      .filter(({ securityDefiner, returnsTrigger }) => securityDefiner && !returnsTrigger)
      .flatMap((routine) => {
        const roles = callers(subject, routine);
        const body = subject.facts.bodies(routine.id);
        if (roles.length === 0 || body === undefined) return [];
        const [table] = exemptTables(subject, routine, body);
        if (table === undefined || identitiesOfRoutine(routine.id, subject.facts.resolver).length > 0)
          return [];
        return [
          {
            object: routineObject(routine),
            message: `${roles.join(', ')} may call it; it uses ${nameOf(table)} as ${routine.owner} and does not ask who the session is.`,
            fix: `alter function ${routineName(routine)} security invoker;`,
            // What an argument picks out may be all that its caller can know, as with an invitation's token.
            severity: picksByArgument(routine, body) ? ('high' as const) : ('critical' as const),
          },
        ];
      }),
};

function picksByArgument(routine: Routine, { statements }: RoutineBody): boolean {
  const names = new Set(parameterNames(routine).filter((name) => name !== ''));
  return statements
    .filter(({ query }) => query.from.length > 0)
    .every(({ query }) =>
      query.conditions.some((condition) =>
        [...walk(condition)].some(
          (each) =>
            each.kind === 'parameter' || (each.kind === 'column' && names.has(each.path.at(-1) ?? '')),
        ),
      ),
    );
}

export const publicDefiner: Rule = {
  id: 'BH042',
  severity: 'low',
  title: 'Every role may call a security definer function',
  explanation:
    'EXECUTE is granted to PUBLIC unless it is revoked. A function that runs as somebody more powerful is then every role’s to call, those without a token included where PostgREST serves the schema.',
  remedy: 'Revoke EXECUTE from PUBLIC and grant it to the roles that need it.',
  cites: [
    'T-7',
    'https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY',
  ],
  check: (subject) =>
    ownRoutines(subject)
      .filter(
        ({ securityDefiner, returnsTrigger, grants }) =>
          securityDefiner &&
          !returnsTrigger &&
          grants.some(({ grantee, privilege }) => grantee === 'public' && privilege === 'execute'),
      )
      .filter((routine) => callers(subject, routine).length > 0)
      .map((routine) => ({
        object: routineObject(routine),
        message: 'PUBLIC may execute it.',
        fix: `revoke execute on function ${routineName(routine)} from public;`,
      })),
};

export const injectableDefiner: Rule = {
  id: 'BH044',
  severity: 'high',
  title: 'A function builds SQL from its arguments',
  explanation:
    'An argument goes into the text of a statement without quoting, so its caller writes SQL that runs with the function’s rights; in a security definer function, with its owner’s.',
  remedy: 'Pass values with USING, and names through format’s %I.',
  cites: [
    'T-7',
    'https://www.postgresql.org/docs/current/plpgsql-statements.html#PLPGSQL-QUOTE-LITERAL-EXAMPLE',
  ],
  check: (subject) =>
    ownRoutines(subject).flatMap((routine) => {
      const names = new Set(parameterNames(routine).filter((name) => name !== ''));
      const body = subject.facts.bodies(routine.id);
      if (callers(subject, routine).length === 0 || !body?.dynamic.some((text) => injects(text, names)))
        return [];
      return [
        {
          object: routineObject(routine),
          message: 'It puts an argument into SQL text unquoted.',
          fix: null,
          severity: routine.securityDefiner ? ('high' as const) : ('medium' as const),
        },
      ];
    }),
};

function injects(expression: Expression, parameters: ReadonlySet<string>): boolean {
  if (expression.kind === 'column') return parameters.has(expression.path.at(-1) ?? '');
  if (expression.kind === 'operator')
    return [expression.left, expression.right].some((side) => side !== null && injects(side, parameters));
  // A cast to anything but text takes the quotes out of a value.
  if (expression.kind === 'cast')
    return /text|char|name/.test(expression.type) && injects(expression.argument, parameters);
  if (expression.kind === 'call') {
    const name = expression.name.at(-1) ?? '';
    if (/^quote_(ident|literal|nullable)$/.test(name)) return false;
    const [template, ...rest] = expression.arguments;
    if (name === 'format' && template?.kind === 'constant' && !/%(\d+\$)?s/.test(String(template.value)))
      return false;
    return (name === 'format' ? rest : expression.arguments).some((each) => injects(each, parameters));
  }
  return [...walk(expression)].some(
    (each) => each !== expression && each.kind === 'column' && parameters.has(each.path.at(-1) ?? ''),
  );
}

export const identitySetter: Rule = {
  id: 'BH047',
  severity: 'high',
  title: 'A function lets its caller say who the session is',
  explanation:
    'The function sets the setting that holds the session’s claims or context, and application roles may call it. Where clients reach functions, as through PostgREST, each of them can become any tenant for the rest of the transaction.',
  remedy: 'Revoke EXECUTE; the server sets the identity, not the database’s clients.',
  cites: ['T-19'],
  check: (subject) => {
    const carried = new Set(
      subject.model.carriers.flatMap((carrier) =>
        carrier.kind === 'claim' || carrier.kind === 'sealed' ? [carrier.setting] : [],
      ),
    );
    return ownRoutines(subject).flatMap((routine) => {
      const body = subject.facts.bodies(routine.id);
      const calls = body?.statements.flatMap(({ query }) => expressionsOf(query).flatMap(callsIn)) ?? [];
      const sets = calls.find(
        ({ name, arguments: [setting] }) =>
          name.at(-1) === 'set_config' && setting !== undefined && carried.has(textOf(setting)),
      );
      if (sets === undefined || routine.returnsTrigger || callers(subject, routine).length === 0) return [];
      return [
        {
          object: routineObject(routine),
          message: `It sets ${[...carried].join(', ')}, and ${callers(subject, routine).map(quoted).join(', ')} may call it.`,
          fix: `revoke execute on function ${routineName(routine)} from public;`,
        },
      ];
    });
  },
};

function textOf(expression: Expression): string {
  const bare = expression.kind === 'cast' ? expression.argument : expression;
  return bare.kind === 'constant' ? String(bare.value) : '';
}
