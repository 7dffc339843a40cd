import type { Pool } from 'pg';
import type { LimitStore } from './limit.ts';

/** Counts in Postgres, one statement a question. */
export function postgresStore({
  pool,
  clock,
}: {
  pool: Pick<Pool, 'query'>;
  clock: () => number;
}): LimitStore {
  return {
    take: async (key, points, { seconds }) => {
      const at = clock();
      const { rows } = await pool.query<{ taken: number; ends_at: Date }>(
        'select taken, ends_at from edge.take_points($1, $2, $3, $4)',
        [key, points, seconds, new Date(at)],
      );
      const [row] = rows;
      if (row === undefined) throw new Error('edge.take_points answered nothing');
      return { taken: row.taken, resetsIn: Math.max(0, row.ends_at.getTime() - at) };
    },
  };
}

/** Deletes windows that ended a while ago. */
export async function purgeRateWindows({
  worker,
  clock,
}: {
  worker: Pick<Pool, 'query'>;
  clock: () => number;
}): Promise<void> {
  await worker.query('select edge.purge_rate_windows($1)', [new Date(clock() - 60_000)]);
}
