import { loadModule, parsePlPgSQLSync, parseSync, type Node } from 'libpg-query';
import { addSource, buildExpression, buildQuery, buildSelect, commonTables, emptyQuery } from './build.ts';
import type { Expression, Query, Statement } from './expression.ts';

/** Reads SQL with Postgres' own parser. Equal expressions are read once. */
export type Parser = {
  /** @throws Error when the text is no expression */
  expression: (text: string) => Expression;
  /** @throws Error when the text is not SQL */
  statements: (text: string) => Statement[];
  /** The parse tree of a `create function … language plpgsql`. @throws Error when it is not understood */
  plpgsql: (definition: string) => unknown;
};

/** Loads the parser, which is compiled to WebAssembly; about 50 ms. */
export async function createParser(): Promise<Parser> {
  await loadModule();
  const read = new Map<string, Expression>();
  return {
    expression: (text) => {
      const known = read.get(text);
      if (known !== undefined) return known;
      const expression = onlyTarget(parseSync(`select ${text}`).stmts?.[0]?.stmt);
      read.set(text, expression);
      return expression;
    },
    statements: (text) =>
      text.trim() === ''
        ? []
        : (parseSync(text).stmts ?? []).flatMap(({ stmt }) =>
            stmt === undefined ? [] : [statementOf(stmt)],
          ),
    plpgsql: parsePlpgsql,
  };
}

function onlyTarget(node: Node | undefined): Expression {
  const [target] = node === undefined ? [] : buildQuery(node).targets;
  if (target === undefined) throw new Error('not an expression');
  return target;
}

function statementOf(node: Node): Statement {
  const none = { target: null, query: emptyQuery(), written: [] };
  if ('SelectStmt' in node) return { ...none, kind: 'select', query: buildSelect(node.SelectStmt) };
  if ('InsertStmt' in node) {
    const { relation, selectStmt, withClause } = node.InsertStmt;
    const query = buildQuery(selectStmt);
    return {
      kind: 'insert',
      target: targetOf(relation),
      query: withTables(query, withClause?.ctes),
      written: query.targets,
    };
  }
  if ('UpdateStmt' in node) {
    const { relation, targetList, whereClause, fromClause, withClause } = node.UpdateStmt;
    const query = conditioned(whereClause, fromClause);
    const written = (targetList ?? []).map(buildExpression);
    return {
      kind: 'update',
      target: targetOf(relation),
      query: withTables(query, withClause?.ctes),
      written,
    };
  }
  if ('DeleteStmt' in node) {
    const { relation, whereClause, usingClause, withClause } = node.DeleteStmt;
    const query = withTables(conditioned(whereClause, usingClause), withClause?.ctes);
    return { ...none, kind: 'delete', target: targetOf(relation), query };
  }
  if ('MergeStmt' in node) return { ...none, kind: 'merge', target: targetOf(node.MergeStmt.relation) };
  if ('NotifyStmt' in node) return { ...none, kind: 'notify' };
  // A function's standard body: `return expression` or `begin atomic … end`.
  if ('ReturnStmt' in node) {
    const value = node.ReturnStmt.returnval;
    return {
      ...none,
      kind: 'select',
      query: { ...emptyQuery(), targets: value === undefined ? [] : [buildExpression(value)] },
    };
  }
  return { ...none, kind: 'TruncateStmt' in node ? 'truncate' : 'other' };
}

function conditioned(where: Node | undefined, from: readonly Node[] | undefined): Query {
  const query = emptyQuery();
  for (const source of from ?? []) addSource(query, source);
  if (where !== undefined) query.conditions.push(buildExpression(where));
  return query;
}

function withTables(query: Query, tables: readonly Node[] | undefined): Query {
  return { ...query, nested: [...query.nested, ...commonTables(tables)] };
}

function targetOf(relation: { schemaname?: string; relname?: string } | undefined): Statement['target'] {
  return relation?.relname === undefined
    ? null
    : { schema: relation.schemaname ?? null, name: relation.relname };
}

/**
 * The parser knows no user's types: it takes a variable of one for a record where a scalar is meant, and the other way
 * round. Where that is in its way the variable is declared as what is meant, which changes no SQL that the body holds.
 */
function parsePlpgsql(definition: string): unknown {
  let text = definition;
  for (let attempt = 0; attempt < mostDeclarations; attempt += 1) {
    try {
      return parsePlPgSQLSync(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : '';
      const scalar = /"(.+)" is not a scalar variable/.exec(message)?.[1];
      const record = /"([^".]+)\..+" is not a known variable/.exec(message)?.[1];
      const declared =
        scalar === undefined ? declare(text, record ?? '', 'record') : declare(text, scalar, 'text');
      if (declared === text) throw error;
      text = declared;
    }
  }
  return parsePlPgSQLSync(text);
}

const mostDeclarations = 50;

function declare(definition: string, name: string, type: 'text' | 'record'): string {
  if (name === '') return definition;
  const escaped = name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  const word = String.raw`(?:"[^"]+"|\w+)`;
  const declaration = new RegExp(
    String.raw`(\b${escaped}\s+(?:constant\s+)?)(?!${type}\b)${word}(?:\.${word})*(?:%\w+)?(?:\[\])?`,
    'i',
  );
  return definition.replace(declaration, `$1${type}`);
}
