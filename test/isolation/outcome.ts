import type pg from 'pg';

/**
 * What came of a statement: `rows 3`, `value …`, or a SQLSTATE with who said no.
 * `privilege`, `policy`, `context` and `guard` (a trigger of the kernel) all come as 42501 and must be told apart from
 * one another, and from a constraint, which says nothing about isolation.
 */
export type Outcome = string;

export const rows = (count: number): Outcome => `rows ${count}`;
export const privilegeRefused: Outcome = '42501 privilege';
export const policyRefused: Outcome = '42501 policy';
export const contextRefused: Outcome = '42501 context';
export const guardRefused: Outcome = '42501 guard';

/**
 * Runs statements one by one as the caller, each undone at once, and answers their outcomes. A statement that begins
 * with `?` is a query whose first value is wanted.
 */
const attempt = `
create schema proof;
grant usage on schema proof to public;
create function proof.attempt(statements text[]) returns text[]
  language plpgsql
as $body$
declare
  outcomes text[] := '{}';
  statement text;
  affected bigint;
  answer text;
  state text;
  message text;
  constraint_ text;
begin
  foreach statement in array statements loop
    begin
      if left(statement, 1) = '?' then
        execute substr(statement, 2) into answer;
        raise exception using errcode = 'PROOF', message = 'value ' || coalesce(answer, 'null');
      end if;
      execute statement;
      get diagnostics affected = row_count;
      raise exception using errcode = 'PROOF', message = 'rows ' || affected;
    exception when others then
      get stacked diagnostics state = returned_sqlstate, message = message_text, constraint_ = constraint_name;
      outcomes := outcomes || case
        when state = 'PROOF' then message
        when state = '42501' then '42501 ' || case
          when message like 'bulkhead: the context%' then 'context'
          when message like 'bulkhead: %' then 'guard'
          when message like '%row-level security%' then 'policy'
          when message like 'permission denied for%' then 'privilege'
          else message end
        when constraint_ <> '' then state || ' ' || constraint_
        else state || ' ' || message end;
    end;
  end loop;
  return outcomes;
end
$body$;
grant execute on function proof.attempt(text[]) to public`;

/** Makes \`proof.attempt\` in the database under test. It runs with its caller's rights. */
export async function installAttempt(superuser: pg.Client): Promise<void> {
  await superuser.query(attempt);
}

// Short enough for the application role's statement timeout.
const batch = 400;

/** Outcomes in the order of the statements, under a context; every statement is undone. */
export async function attemptAll(
  client: pg.Client,
  token: string | undefined,
  statements: readonly string[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let from = 0; from < statements.length; from += batch) {
    // The auditor's sessions only read by default; a default is no wall, so it is lifted.
    await client.query('begin read write');
    if (token !== undefined) await client.query(`select set_config('bulkhead.context', $1, true)`, [token]);
    const { rows: answers } = await client.query<{ outcomes: Outcome[] }>(
      'select proof.attempt($1) as outcomes',
      [statements.slice(from, from + batch)],
    );
    await client.query('rollback');
    outcomes.push(...(answers[0]?.outcomes ?? []));
  }
  return outcomes;
}
