import pg from 'pg';
import { contextRefused, privilegeRefused, rows, type Outcome } from './outcome.ts';
import { contextToken, type ContextName } from './worlds.ts';
import type { Cell, Stage } from './matrix.ts';
import { isRefused, rightsOf, visible, type Scene } from './expectation.ts';

type CopyConnection = pg.Connection & { on(event: 'copyData', listener: () => void): unknown };

/** COPY cannot run inside a function, so it has its own way to the server. Application role only. */
export async function runCopies(stage: Stage, contexts: readonly ContextName[]): Promise<Cell[]> {
  const client = new pg.Client(stage.database.connections.app);
  await client.connect();
  let copied = 0;
  (client as unknown as { connection: CopyConnection }).connection.on('copyData', () => (copied += 1));
  const attempt = async (sql: string): Promise<Outcome> => {
    copied = 0;
    await client.query('savepoint s');
    const outcome = await client.query(sql).then(
      () => rows(copied),
      (error: unknown) => outcomeOf(error),
    );
    await client.query('rollback to s');
    return outcome;
  };
  const cells: Cell[] = [];
  try {
    for (const context of contexts) {
      await client.query('begin');
      const token = contextToken(context, stage.sealers);
      if (token !== undefined) await client.query(`select set_config('bulkhead.context', $1, true)`, [token]);
      for (const table of stage.tables.filter(({ treatment }) => treatment === 'protected')) {
        const scene: Scene = {
          table,
          role: 'app',
          context,
          seeded: stage.seeded,
          sample: stage.samples[table.label],
        };
        for (const { operation, sql, expected } of copyTrials(scene)) {
          const outcome = await attempt(sql);
          cells.push({
            operation,
            sql,
            expected,
            outcome,
            target: 'all',
            table: table.label,
            role: 'app',
            context,
          });
        }
      }
      await client.query('rollback');
    }
  } finally {
    await client.end();
  }
  return cells;
}

function copyTrials(scene: Scene): { operation: string; sql: string; expected: Outcome }[] {
  const { table, context } = scene;
  const columns = table.columns.filter(({ generated }) => !generated).map(({ name }) => name);
  // Postgres offers no COPY FROM under row-level security, and judges the context first only where it must.
  const into = rightsOf(scene).insert ? '0A000' : privilegeRefused;
  return [
    {
      operation: 'copy out',
      sql: `copy ${table.label} to stdout`,
      expected: isRefused(context) ? contextRefused : visible(scene),
    },
    {
      operation: 'copy query out',
      sql: `copy (select * from ${table.label}) to stdout`,
      expected: visible(scene),
    },
    { operation: 'copy in', sql: `copy ${table.label} (${columns.join(', ')}) from stdin`, expected: into },
    { operation: 'copy to program', sql: `copy ${table.label} to program 'cat'`, expected: '42501 program' },
    {
      operation: 'copy to file',
      sql: `copy ${table.label} to '/tmp/bulkhead-isolation'`,
      expected: '42501 program',
    },
  ];
}

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof pg.DatabaseError)) throw error;
  const { code = '', message } = error;
  if (code !== '42501') return code;
  if (message.startsWith('bulkhead: the context')) return contextRefused;
  if (message.startsWith('permission denied for')) return privilegeRefused;
  return /program|file|superuser/.test(message) ? '42501 program' : `42501 ${message}`;
}
