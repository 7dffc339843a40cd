import pg from 'pg';

/** How a statement was refused: by a privilege, a policy, a key or check, a trigger, a time limit, or otherwise. */
export type RefusalKind = 'privilege' | 'policy' | 'constraint' | 'trigger' | 'timeout' | 'other';

export type Outcome =
  | { kind: 'rows'; tag: string; count: number; values: (string | null)[][] }
  | {
      kind: 'error';
      refusal: RefusalKind;
      sqlstate: string;
      message: string;
      constraint: string | null;
      column: string | null;
    };

/** Outcome of the last statement of a trial, with the statements as they were run. */
export type Trial = { outcome: Outcome; steps: readonly string[] };

/** The last of a simple query's results. */
export function outcomeOf(answer: pg.QueryArrayResult | pg.QueryArrayResult[]): Outcome {
  const last = Array.isArray(answer) ? answer.at(-1) : answer;
  const values = (last?.rows ?? []) as (string | null)[][];
  return { kind: 'rows', tag: last?.command ?? '', count: last?.rowCount ?? values.length, values };
}

/** @throws the error itself when it did not come from a statement, such as a lost connection */
export function outcomeOfError(error: unknown): Outcome {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined || error.severity === 'FATAL')
    throw error;
  const { code, message } = error;
  return {
    kind: 'error',
    refusal: refusalOf(code, message, error.routine),
    sqlstate: code,
    message,
    constraint: error.constraint ?? null,
    column: error.column ?? null,
  };
}

function refusalOf(sqlstate: string, message: string, routine: string | undefined): RefusalKind {
  if (sqlstate === '57014' || sqlstate === '55P03' || sqlstate === '40P01') return 'timeout';
  // Raised by PL/pgSQL, so by a trigger or a function of the schema's own, whatever SQLSTATE it borrows.
  const raised = routine === 'exec_stmt_raise';
  if (sqlstate === '42501' && /row-level security/.test(message) && !raised) return 'policy';
  if (sqlstate === '42501') return raised ? 'policy' : 'privilege';
  if (raised) return 'trigger';
  return sqlstate.startsWith('23') ? 'constraint' : 'other';
}

/** Short text for evidence: `42501 new row violates …` or `0 rows`. */
export function describe(outcome: Outcome): string {
  if (outcome.kind === 'error') return `${outcome.sqlstate} ${outcome.message}`;
  return outcome.count === 1 ? '1 row' : `${outcome.count} rows`;
}

/** First value of the first row as a number; 0 when there is none. */
export function numberOf(outcome: Outcome): number {
  return outcome.kind === 'rows' ? Number(outcome.values[0]?.[0] ?? 0) : 0;
}
