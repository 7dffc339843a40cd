import { longScan, sqlmap, wapiti } from './scanners.ts';
import { openTarget } from './target.ts';

/** `npm run scan`: every attack that wapiti and sqlmap have for this kind of service. Takes hours. */
const target = await openTarget();
try {
  let failed = false;
  for (const [name, scan] of Object.entries({ wapiti, sqlmap })) {
    process.stderr.write(`${name}: ${target.operations.length} procedures\n`);
    const findings = await scan(target, longScan);
    const real = findings.filter(({ at }) => at !== '/control');
    const control = findings.length - real.length;
    process.stdout.write(`${name}: ${real.length} findings, and ${control} in the page made to be found\n`);
    for (const { kind, at, field } of real) process.stdout.write(`  ${kind}: ${at}, ${field}\n`);
    failed ||= real.length > 0 || control === 0;
  }
  const faults = target.faults();
  process.stdout.write(`${faults.length} faults of the server\n`);
  process.exitCode = failed || faults.length > 0 ? 1 : 0;
} finally {
  await target.close();
}
