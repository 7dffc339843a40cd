import type pg from 'pg';
import type { Cell } from '../findings.ts';
import { fresh, residue, stale } from './attacks/titles.ts';
import { cellOf, inArena, seederOf, type Campaign } from './campaign.ts';
import { becomeSql, tenantLiteral } from './identity.ts';
import { describe } from './outcome.ts';
import { identifier, quote } from './sql.ts';
import type { Conclusion, Target } from './types.ts';
import { inconclusive, leaked, notApplicable, refused } from './verdict.ts';

/** What is under the name of no table. */
export const sessionLabel = 'session';

type Ask = (text: string) => Promise<string | null>;
const asking =
  (client: pg.ClientBase): Ask =>
  async (text) => {
    const { rows } = await client.query<{ answer: string | null }>(text);
    return rows[0]?.answer ?? null;
  };

/** Whether a tenant's local settings are gone once its transaction has committed. Commits nothing but settings. */
export async function attackStale(campaign: Campaign, client: pg.ClientBase): Promise<Cell> {
  const { settings } = campaign.worlds.theirs.identity;
  const ask = asking(client);
  let conclusion: Conclusion =
    settings.length === 0
      ? notApplicable('no setting carries the identity')
      : refused('every setting is empty');
  for (const [name, value] of settings) {
    await client.query(`begin; select set_config(${quote(name)}, ${quote(value)}, true); commit`);
    const left = await ask(`select current_setting(${quote(name)}, true) as answer`);
    if (left === value)
      conclusion = {
        ...leaked({ steps: [], outcome: { kind: 'rows', tag: 'SELECT', count: 1, values: [] } }),
        journal: [],
      };
  }
  return cellOf(campaign, { label: sessionLabel, attack: stale, conclusion });
}

/**
 * Whether what one client leaves in a session is there for the next, as behind a pooler that hands sessions on. Leaves
 * a setting of the prover's own, which nothing reads, and takes it back where it is found.
 */
export async function attackResidue(campaign: Campaign, connect: () => Promise<pg.Client>): Promise<Cell> {
  const name = 'bulkhead_prover.residue';
  const plant = `select set_config('${name}', 'left behind', false)`;
  const look = `select current_setting('${name}', true) as answer`;
  const first = await connect();
  const ownProcess = await isDirect(first);
  const left = await asking(first)(
    `select pg_backend_pid()::text as answer, set_config('${name}', 'left behind', false)`,
  );
  await first.end();
  let conclusion: Conclusion | null = null;
  for (let tries = 0; tries < 20 && conclusion === null; tries += 1) {
    const next = await connect();
    try {
      const ask = asking(next);
      const same = (await ask('select pg_backend_pid()::text as answer')) === left;
      if ((await ask(look)) === 'left behind') {
        await next.query(`reset ${name}`);
        conclusion = { verdict: 'leaked', evidence: '(1 row)', reason: null, steps: [] };
      } else if (same) conclusion = refused('the session was handed on, and nothing was left in it');
      else if (ownProcess || (await hasEnded(next, left)))
        conclusion = refused('each connection has a server process of its own');
    } finally {
      await next.end();
    }
  }
  const cell = cellOf(campaign, {
    label: sessionLabel,
    attack: residue,
    conclusion: conclusion ?? inconclusive('the pooler never handed the same session on'),
  });
  const script = `-- What one client leaves in a session is there for the next.\n${plant};\n\\c -\n${look} \\g\n-- Leaks when the last answer is: left behind\nreset ${name};\n`;
  return { ...cell, reproduction: cell.verdict === 'leaked' ? script : null };
}

/** Whether the server sees the very socket that was opened here, so that nothing in between can hand sessions on. */
async function isDirect(client: pg.Client): Promise<boolean> {
  const { connection } = client as unknown as { connection?: { stream?: { localPort?: number } } };
  const port = connection?.stream?.localPort;
  return (
    port !== undefined && (await asking(client)('select inet_client_port()::text as answer')) === String(port)
  );
}

/** Whether the server process is gone, as it is when no pooler keeps it. Not every role may look. */
async function hasEnded(client: pg.ClientBase, pid: string | null): Promise<boolean> {
  try {
    const there = `(select 'there' from pg_stat_activity where pid = ${pid ?? '0'})`;
    return (await asking(client)(`select ${there} as answer, pg_sleep(0.02)`)) === null;
  } catch (error) {
    if ((error as { code?: unknown }).code === '42501') return false;
    throw error;
  }
}

/** Reads on a connection on which no setting has ever been made, so that they are null there, and not empty. */
export async function attackFresh(campaign: Campaign, target: Target): Promise<Cell | null> {
  const { powers, worlds, arena } = campaign;
  const { column, base, label } = target;
  const { carriers } = campaign.model;
  if (
    column === null ||
    target.relation.kind === 'm' ||
    !powers.exempt ||
    (carriers.length > 0 && carriers.every(({ kind }) => kind === 'role'))
  )
    return null;
  return inArena(arena, async () => {
    const { seeder } = seederOf(campaign);
    const row = await seeder.row(base.id, 'theirs');
    const usual = arena.journal.some((step) => step.includes('set_config('));
    await arena.mark();
    const identity = { ...worlds.ours.identity, settings: [] };
    const where = `${identifier(column.name)} = ${tenantLiteral(worlds.theirs.values, column)}`;
    const trial = await arena.trial([
      becomeSql(identity),
      `select ${identifier(column.name)} from ${label} where ${where}`,
    ]);
    const { outcome } = trial;
    let conclusion: Conclusion = refused(describe(outcome));
    if (outcome.kind === 'rows' && outcome.count > 0) conclusion = leaked(trial);
    else if (outcome.kind === 'error' && outcome.refusal === 'timeout')
      conclusion = inconclusive('the time limit ended it', describe(outcome));
    else if (usual || row === null)
      conclusion = inconclusive(
        seeder.troubles.at(-1) ?? 'the row could only be made under a context',
        describe(outcome),
      );
    if (outcome.kind === 'error' && ['privilege', 'policy'].includes(outcome.refusal))
      conclusion = refused(describe(outcome));
    return cellOf(campaign, { label, attack: fresh, conclusion });
  });
}
