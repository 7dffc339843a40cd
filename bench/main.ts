import { parseArgs } from 'node:util';
import { apiRequest } from './api-request.ts';
import { audit } from './audit.ts';
import { auditWrite } from './audit-write.ts';
import { auth } from './auth.ts';
import type { Benchmark } from './benchmark.ts';
import { edge } from './edge.ts';
import { prover } from './prover.ts';
import { rlsPolicy } from './rls-policy.ts';
import { tenantQuery } from './tenant-query.ts';

const benchmarks: Record<string, Benchmark> = {
  'tenant-query': tenantQuery,
  'rls-policy': rlsPolicy,
  audit,
  'audit-write': auditWrite,
  'api-request': apiRequest,
  auth,
  edge,
  prover,
};

const usage = `npm run bench -- NAME [--json] [--quick]
  NAME     ${Object.keys(benchmarks).join(', ')}
  --json   print one JSON object; progress goes to standard error
  --quick  small data and short runs, to see that it works; its figures mean nothing
  --supa-audit FILE   for audit: supa_audit--0.3.1.sql of supabase/supa_audit, to compare with
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      quick: { type: 'boolean' },
      help: { type: 'boolean' },
      'supa-audit': { type: 'string' },
    },
  });
  const name = positionals[0] ?? '';
  const benchmark = benchmarks[name];
  if (benchmark === undefined || positionals.length > 1 || values.help === true) {
    process.stderr.write(usage);
    return values.help === true ? 0 : 2;
  }
  const progress = (line: string): boolean => process.stderr.write(`${name}: ${line}\n`);
  const figures = await benchmark.run({
    quick: values.quick === true,
    progress,
    supaAudit: values['supa-audit'],
  });
  const { compared, targets } = benchmark;
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ benchmark: name, ...figures, compared, targets })}\n`);
  else process.stdout.write(table(benchmark, figures));
  return 0;
}

function table({ compared, targets }: Benchmark, figures: Record<string, number | string>): string {
  const width = Math.max(...Object.keys(figures).map((key) => key.length));
  const lines = Object.entries(figures).map(([key, value]) => {
    const target = targets[key];
    return `${key.padEnd(width)}  ${value}${target === undefined ? '' : `   (target ${target})`}`;
  });
  return `${compared}\n\n${lines.join('\n')}\n`;
}

process.exitCode = await main();
