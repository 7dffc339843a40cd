import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { auditHeld, killAuditUnderLoad } from './audit.ts';
import { killRedisUnderLoad, limitsHeld } from './limits.ts';
import { restartPostgresUnderLoad } from './postgresRestarts.ts';
import { killSendersUnderLoad, webhooksHeld } from './webhooks.ts';

/** `npm run fault -- [audit|limits|webhooks] --seed S [--kills K] [--writers W] [--json]` */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kills: { type: 'string' },
    writers: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'bulkhead-fault-'));
// Run as root, Postgres gets another user, who must be able to enter.
await chmod(folder, 0o711);
async function restarts(): Promise<boolean> {
  const report = await restartPostgresUnderLoad({
    seed: Number(values.seed),
    kills: Number(values.kills ?? 6),
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
  return !failed;
}

async function audit(): Promise<boolean> {
  const { seed, kills = '60', writers } = values;
  const report = await killAuditUnderLoad({
    seed: Number(seed),
    kills: Number(kills),
    writers: Number(writers),
    folder,
    onLog: (line) => process.stderr.write(`${line}\n`),
  });
  const { acknowledged, found, lost, forked, duplicated, unsealed, unmatched, verifications, anchored } =
    report;
  const hit = Object.entries(report.kills).map(([what, times]) => `${times} ${what}`);
  process.stdout.write(
    values.json
      ? `${JSON.stringify(report)}\n`
      : `${acknowledged} acknowledged, ${found} found, ${lost} lost, ${forked} forked, ${duplicated} duplicated, ` +
          `${unsealed} unsealed, ${unmatched} unmatched; killed: ${hit.join(', ')}; seed ${seed}; ` +
          `${verifications} verifications, ${report.findings.length} findings; ${anchored} checkpoints anchored\n`,
  );
  for (const line of report.findings.slice(0, 10)) process.stderr.write(`  finding: ${line}\n`);
  return auditHeld(report);
}

async function webhooks(): Promise<boolean> {
  const { seed, kills = '30', writers } = values;
  const report = await killSendersUnderLoad({
    seed: Number(seed),
    kills: Number(kills),
    writers: Number(writers),
    folder,
    onLog: (line) => process.stderr.write(`${line}\n`),
  });
  const { acknowledged, found, lost, unfounded, repeated } = report;
  const hit = Object.entries(report.kills).map(([what, times]) => `${times} ${what}`);
  process.stdout.write(
    values.json
      ? `${JSON.stringify(report)}\n`
      : `${acknowledged} acknowledged, ${found} found, ${lost} lost, ${unfounded} unfounded, ${repeated} repeated; ` +
          `${Object.values(report.kills).reduce((sum, times) => sum + times, 0)} kills (${hit.join(', ')}), seed ${seed}\n`,
  );
  return webhooksHeld(report);
}

async function limits(): Promise<boolean> {
  const report = await killRedisUnderLoad({
    seed: Number(values.seed),
    rounds: 10,
    kills: Number(values.kills ?? 6),
    callers: Number(values.writers),
    onLog: (line) => process.stderr.write(`${line}\n`),
  });
  const { requests, servers, kills, seed, rounds, most, least, cap, unclean } = report;
  process.stdout.write(
    values.json
      ? `${JSON.stringify(report)}\n`
      : `${requests} sign-ins on ${servers} servers, Redis killed ${kills} times in ${rounds} windows, seed ${seed}; ` +
          `a window let through ${least} to ${most} of a cap of ${cap}; ${unclean.length} unclean\n`,
  );
  for (const line of unclean.slice(0, 10)) process.stderr.write(`  unclean: ${line}\n`);
  return limitsHeld(report);
}

const plans: Readonly<Record<string, () => Promise<boolean>>> = { audit, limits, webhooks, restarts };
try {
  const plan = plans[positionals[0] ?? 'restarts'];
  if (plan === undefined) throw new Error(`There is no fault plan ${String(positionals[0])}.`);
  const held = await plan();
  process.exitCode = held ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
