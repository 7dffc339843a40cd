import type { Catalog, Policy, Relation, Unseen } from '../catalog/types.ts';
import { readClause, type Clause } from './clause.ts';
import type { Query } from './expression.ts';
import type { Bodies, Resolver } from './identity.ts';
import { createLookup, type Lookup } from './lookup.ts';
import type { Parser } from './parser.ts';
import { readRoutine, type RoutineBody } from './routine.ts';

export type PolicyFacts = {
  policy: Policy;
  using: Clause | null;
  /** what new rows must pass: `with check`, or `using` where there is none */
  check: Clause | null;
  /** whether `with check` was given */
  explicitCheck: boolean;
};

export type ViewFacts = {
  query: Query;
  /** its conditions as they confine the rows of what it reads, by relation id */ clauses: Map<
    string,
    Clause
  >;
};

/** Everything that was read out of SQL text. */
export type Facts = {
  lookup: Lookup;
  resolver: Resolver;
  bodies: Bodies;
  /** by relation id */
  policies: Map<string, PolicyFacts[]>;
  views: Map<string, ViewFacts>;
  unseen: Unseen[];
};

/** Reads all policies and views, and functions' bodies as they are asked for. */
export function readFacts(catalog: Catalog, parser: Parser): Facts {
  const lookup = createLookup(catalog);
  const read = new Map<string, RoutineBody>();
  const bodies: Bodies = (id) => {
    const known = read.get(id);
    if (known !== undefined) return known;
    const routine = lookup.routine(id);
    if (routine === undefined) return undefined;
    const body = readRoutine(routine, parser);
    read.set(id, body);
    return body;
  };
  const facts: Facts = {
    lookup,
    resolver: { lookup, bodies },
    bodies,
    policies: new Map(),
    views: new Map(),
    unseen: [],
  };
  for (const relation of catalog.relations) {
    if (relation.policies.length > 0) facts.policies.set(relation.id, readPolicies(relation, facts, parser));
    if (relation.definition !== null) readView(relation, facts, parser);
  }
  return facts;
}

function readPolicies(relation: Relation, facts: Facts, parser: Parser): PolicyFacts[] {
  const clause = (policy: Policy, text: string | null): Clause | null => {
    if (text === null) return null;
    try {
      return readClause(text, parser.expression(text), { relation, resolver: facts.resolver });
    } catch (error) {
      facts.unseen.push({ what: `policy ${policy.name} on ${nameOf(relation)}`, why: messageOf(error) });
      return null;
    }
  };
  return relation.policies.map((policy) => {
    const using = clause(policy, policy.using);
    const check = policy.withCheck === null ? using : clause(policy, policy.withCheck);
    return { policy, using, check, explicitCheck: policy.withCheck !== null };
  });
}

function readView(view: Relation, facts: Facts, parser: Parser): void {
  try {
    const [statement] = parser.statements((view.definition ?? '').replace(/;\s*$/, ''));
    if (statement === undefined) return;
    const { query } = statement;
    facts.views.set(view.id, { query, clauses: new Map(clausesOf(view, query, facts)) });
  } catch (error) {
    facts.unseen.push({ what: `view ${nameOf(view)}`, why: messageOf(error) });
  }
}

/** A view's conditions name columns after their table's alias, or alone when it reads one relation. */
function clausesOf(view: Relation, query: Query, facts: Facts): [string, Clause][] {
  return query.from.flatMap((source): [string, Clause][] => {
    if (source.kind !== 'table') return [];
    const relation = facts.lookup.relationNamed(source.schema, source.name);
    if (relation === undefined) return [];
    const expression = { kind: 'and' as const, parts: query.conditions };
    return [
      [
        relation.id,
        readClause(view.name, expression, {
          relation: { ...relation, name: source.alias },
          resolver: facts.resolver,
        }),
      ],
    ];
  });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A relation's or routine's name with its schema, quoted where it must be. */
export function nameOf({ schema, name }: { schema: string; name: string }): string {
  return `${quoted(schema)}.${quoted(name)}`;
}

/** An identifier as it stands in SQL. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const reserved = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_date
  current_role current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch
  for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp not null
  offset on only or order placing primary references returning select session_user some symmetric table then to trailing
  true union unique user using variadic when where window with`.split(/\s+/),
);
