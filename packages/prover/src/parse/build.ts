import type { A_Expr, Node, SelectStmt, SubLink } from 'libpg-query';
import type { Expression, Query, Source, Test } from './expression.ts';

const tests: Readonly<Record<string, Test>> = {
  IS_NULL: 'null',
  IS_NOT_NULL: 'not null',
  IS_TRUE: 'true',
  IS_NOT_TRUE: 'not true',
  IS_FALSE: 'false',
  IS_NOT_FALSE: 'not false',
  IS_UNKNOWN: 'unknown',
  IS_NOT_UNKNOWN: 'not unknown',
};

const nothing: Expression = { kind: 'other', parts: [] };
const build = (node: Node | undefined): Expression => (node === undefined ? nothing : buildExpression(node));
const buildAll = (nodes: readonly Node[] | undefined): Expression[] => (nodes ?? []).map(buildExpression);

/** The texts of a list of names. */
export function textsOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

/** Simplifies one node of Postgres' parse tree. */
export function buildExpression(node: Node): Expression {
  if ('A_Expr' in node) return buildOperator(node.A_Expr);
  if ('SubLink' in node) return buildSubquery(node.SubLink);
  if ('ColumnRef' in node) return { kind: 'column', path: textsOf(node.ColumnRef.fields) };
  if ('FuncCall' in node)
    return {
      kind: 'call',
      name: withoutCatalog(textsOf(node.FuncCall.funcname)),
      arguments: buildAll(node.FuncCall.args),
    };
  if ('TypeCast' in node)
    return {
      kind: 'cast',
      argument: build(node.TypeCast.arg),
      type: textsOf(node.TypeCast.typeName?.names).at(-1) ?? '',
    };
  if ('BoolExpr' in node) {
    const parts = buildAll(node.BoolExpr.args);
    if (node.BoolExpr.boolop === 'NOT_EXPR') return { kind: 'not', argument: parts[0] ?? nothing };
    return { kind: node.BoolExpr.boolop === 'OR_EXPR' ? 'or' : 'and', parts };
  }
  return buildRest(node);
}

function buildRest(node: Node): Expression {
  if ('A_Const' in node) return { kind: 'constant', value: constantOf(node) };
  if ('NullTest' in node) return testOf(node.NullTest.nulltesttype, node.NullTest.arg);
  if ('BooleanTest' in node) return testOf(node.BooleanTest.booltesttype, node.BooleanTest.arg);
  if ('CoalesceExpr' in node) return { kind: 'coalesce', parts: buildAll(node.CoalesceExpr.args) };
  if ('A_ArrayExpr' in node) return { kind: 'list', parts: buildAll(node.A_ArrayExpr.elements) };
  if ('List' in node) return { kind: 'list', parts: buildAll(node.List.items) };
  if ('ParamRef' in node) return { kind: 'parameter', number: node.ParamRef.number ?? 0 };
  if ('CollateClause' in node) return build(node.CollateClause.arg);
  if ('NamedArgExpr' in node) return build(node.NamedArgExpr.arg);
  if ('ResTarget' in node) return build(node.ResTarget.val);
  if ('CaseExpr' in node) return buildCase(node.CaseExpr.arg, node.CaseExpr.args, node.CaseExpr.defresult);
  if ('SQLValueFunction' in node) return buildValueFunction(node.SQLValueFunction.op ?? '');
  return { kind: 'other', parts: nodesIn(Object.values(node)).map(buildExpression) };
}

function buildValueFunction(name: string): Expression {
  if (/USER|ROLE/.test(name)) return { kind: 'role', session: name === 'SVFOP_SESSION_USER' };
  return { kind: 'call', name: [name.replace('SVFOP_', '').toLowerCase()], arguments: [] };
}

function withoutCatalog(name: string[]): string[] {
  return name.length === 2 && name[0] === 'pg_catalog' ? name.slice(1) : name;
}

function testOf(name: string | undefined, argument: Node | undefined): Expression {
  return { kind: 'test', test: tests[name ?? ''] ?? 'null', argument: build(argument) };
}

function constantOf(node: Extract<Node, { A_Const: unknown }>): string | number | boolean | null {
  const constant = node.A_Const;
  // A value of nought, false or nothing is left out of the tree, its wrapper is not.
  if (constant.ival !== undefined) return constant.ival.ival ?? 0;
  if (constant.boolval !== undefined) return constant.boolval.boolval ?? false;
  if (constant.sval !== undefined) return constant.sval.sval ?? '';
  if (constant.fval !== undefined) return Number(constant.fval.fval);
  if (constant.bsval !== undefined) return constant.bsval.bsval ?? '';
  return null;
}

function buildCase(
  subject: Node | undefined,
  branches: Node[] | undefined,
  otherwise: Node | undefined,
): Expression {
  return {
    kind: 'case',
    branches: (branches ?? []).flatMap((node) => {
      if (!('CaseWhen' in node)) return [];
      const when = build(node.CaseWhen.expr);
      const compared: Expression =
        subject === undefined
          ? when
          : { kind: 'operator', operator: '=', left: build(subject), right: when, quantifier: null };
      return [{ when: compared, result: build(node.CaseWhen.result) }];
    }),
    otherwise: otherwise === undefined ? null : build(otherwise),
  };
}

function buildOperator(node: A_Expr): Expression {
  const left = node.lexpr === undefined ? null : buildExpression(node.lexpr);
  const right = build(node.rexpr);
  const name = textsOf(node.name).at(-1) ?? '';
  const operator = (operator: string, quantifier: 'any' | 'all' | null = null): Expression => ({
    kind: 'operator',
    operator,
    left,
    right,
    quantifier,
  });
  switch (node.kind) {
    case 'AEXPR_OP_ANY':
      return operator(name, 'any');
    case 'AEXPR_OP_ALL':
      return operator(name, 'all');
    case 'AEXPR_IN':
      return operator(name, name === '=' ? 'any' : 'all');
    case 'AEXPR_DISTINCT':
      return operator('is distinct from');
    case 'AEXPR_NOT_DISTINCT':
      return operator('is not distinct from');
    case 'AEXPR_NULLIF':
      return { kind: 'nullif', left: left ?? nothing, right };
    default:
      return operator(name);
  }
}

function buildSubquery(node: SubLink): Expression {
  const forms = {
    EXISTS_SUBLINK: 'exists',
    ANY_SUBLINK: 'any',
    ALL_SUBLINK: 'all',
    ARRAY_SUBLINK: 'array',
  } as const;
  return {
    kind: 'subquery',
    form: forms[node.subLinkType as keyof typeof forms] ?? 'scalar',
    left: node.testexpr === undefined ? null : buildExpression(node.testexpr),
    operator: textsOf(node.operName).at(-1) ?? '=',
    query: buildQuery(node.subselect),
  };
}

export const emptyQuery = (): Query => ({ from: [], targets: [], conditions: [], nested: [] });

/** Simplifies a `select`; anything else gives an empty query. */
export function buildQuery(node: Node | undefined): Query {
  if (node === undefined || !('SelectStmt' in node)) return emptyQuery();
  return buildSelect(node.SelectStmt);
}

/** Simplifies a `select` or one side of a set operation. */
export function buildSelect(select: SelectStmt): Query {
  const query: Query = {
    from: [],
    targets: buildAll(select.targetList),
    conditions: buildAll([select.whereClause, select.havingClause].filter((clause) => clause !== undefined)),
    nested: commonTables(select.withClause?.ctes),
  };
  for (const values of select.valuesLists ?? []) query.targets.push(build(values));
  for (const side of [select.larg, select.rarg]) if (side !== undefined) query.nested.push(buildSelect(side));
  for (const source of select.fromClause ?? []) addSource(query, source);
  return query;
}

/** The queries of a `with` clause. */
export function commonTables(nodes: readonly Node[] | undefined): Query[] {
  return (nodes ?? []).flatMap((node) =>
    'CommonTableExpr' in node ? [buildQuery(node.CommonTableExpr.ctequery)] : [],
  );
}

/** Adds a member of `from` to a query; a join adds both sides and its condition. */
export function addSource(query: Query, node: Node): void {
  if ('JoinExpr' in node) {
    for (const side of [node.JoinExpr.larg, node.JoinExpr.rarg])
      if (side !== undefined) addSource(query, side);
    if (node.JoinExpr.quals !== undefined) query.conditions.push(buildExpression(node.JoinExpr.quals));
    return;
  }
  const source = sourceOf(node);
  if (source !== null) query.from.push(source);
}

function sourceOf(node: Node): Source | null {
  if ('RangeVar' in node) {
    const { schemaname, relname = '', alias } = node.RangeVar;
    return { kind: 'table', schema: schemaname ?? null, name: relname, alias: alias?.aliasname ?? relname };
  }
  if ('RangeSubselect' in node) {
    const { subquery, alias } = node.RangeSubselect;
    return { kind: 'query', query: buildQuery(subquery), alias: alias?.aliasname ?? '' };
  }
  if ('RangeFunction' in node) {
    const call = nodesIn(node.RangeFunction.functions ?? []).map(buildExpression)[0] ?? nothing;
    return { kind: 'function', call, alias: node.RangeFunction.alias?.aliasname ?? '' };
  }
  return null;
}

/** The nodes that stand directly in a piece of a parse tree whose form is not known here. */
function nodesIn(value: unknown): Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  if (typeof value !== 'object' || value === null) return [];
  const keys = Object.keys(value);
  const [key] = keys;
  if (keys.length === 1 && key !== undefined && /^[A-Z]/.test(key)) {
    return key === 'List' ? nodesIn(Object.values(value)) : [value as Node];
  }
  return Object.values(value).flatMap(nodesIn);
}
