import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { restartPostgresUnderLoad } from './postgresRestarts.ts';

/** `npm run fault -- --seed S [--kills K] [--writers W] [--json]` */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kills: { type: 'string', default: '6' },
    writers: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'bulkhead-fault-'));
try {
  const report = await restartPostgresUnderLoad({
    seed: Number(values.seed),
    kills: Number(values.kills),
    writers: Number(values.writers),
    folder,
    onLog: (line) => process.stderr.write(`${line}\n`),
  });
  const { acknowledged, found, lost, kills, seed, refused, unclean, afterLast, survived } = report;
  const failed = lost > 0 || unclean.length > 0 || afterLast === 0 || !survived;
  process.stdout.write(
    values.json
      ? `${JSON.stringify(report)}\n`
      : `${acknowledged} acknowledged, ${found} found, ${lost} lost, ${kills} kills, seed ${seed}; ` +
          `${refused} refused cleanly, ${unclean.length} otherwise; process ${survived ? 'survived' : 'DIED'}\n`,
  );
  for (const line of unclean.slice(0, 10)) process.stderr.write(`  unclean: ${line}\n`);
  process.exitCode = failed ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
