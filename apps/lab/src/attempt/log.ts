import type { TenantSession } from '@bulkhead/kernel';
import type { Attempt, Lab, Outcome, Target } from '../contract/index.ts';

/** Attempts of a tenant that are kept. */
export const kept = 500;
/** Attempts that are shown. */
const shown = 20;

export type NewAttempt = {
  who: string;
  target: Target;
  input: string;
  outcome: Outcome;
  foreignSecrets: number;
};

/** Writes an attempt down, and forgets those beyond the newest 500. */
export async function writeAttempt(session: TenantSession, attempt: NewAttempt): Promise<void> {
  const { who, target, input, outcome } = attempt;
  const said = outcome.kind === 'refused' || outcome.kind === 'error';
  const message = said ? outcome.message : outcome.kind === 'stopped' ? `limit: ${outcome.reason}` : null;
  await session.batch([
    {
      text: `insert into lab.attempt (account_name, target, input, outcome, row_count, foreign_secrets, sqlstate, message)
        values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [
        who.slice(0, 200),
        target,
        input,
        outcome.kind,
        outcome.kind === 'rows' ? outcome.rows.length : 0,
        attempt.foreignSecrets,
        said ? outcome.sqlstate : null,
        message?.replaceAll('\0', '') ?? null,
      ],
    },
    {
      text: `delete from lab.attempt where (tenant_id, id) in (
        select a.tenant_id, a.id from lab.attempt a order by a.created_at desc, a.id offset $1)`,
      values: [kept],
    },
  ]);
}

type Row = {
  id: string;
  created_at: Date;
  account_name: string;
  target: Target;
  input: string;
  outcome: Attempt['outcome'];
  row_count: number;
  foreign_secrets: number;
  sqlstate: string | null;
  message: string | null;
};

/** The newest attempts of the tenant. */
export async function readAttempts(session: TenantSession): Promise<Attempt[]> {
  const { rows } = await session.query<Row>(
    `select id, created_at, account_name, target, input, outcome, row_count, foreign_secrets, sqlstate, message
     from lab.attempt order by created_at desc, id limit $1`,
    [shown],
  );
  return rows.map((row) => ({
    id: row.id,
    at: row.created_at.toISOString(),
    who: row.account_name,
    target: row.target,
    input: row.input,
    outcome: row.outcome,
    rows: row.row_count,
    foreignSecrets: row.foreign_secrets,
    sqlstate: row.sqlstate,
    message: row.message,
  }));
}

/** How many attempts are kept, and how many secrets of others they brought, for both targets. */
export async function readTally(session: TenantSession): Promise<Lab['tally']> {
  const { rows } = await session.query<{ target: Target; attempts: number; foreign_secrets: number }>(
    `select target, count(*)::integer as attempts, sum(foreign_secrets)::integer as foreign_secrets
     from lab.attempt group by target`,
  );
  const of = (target: Target) => {
    const row = rows.find((each) => each.target === target);
    return { attempts: row?.attempts ?? 0, foreignSecrets: row?.foreign_secrets ?? 0 };
  };
  return { sealed: of('sealed'), plain: of('plain') };
}
