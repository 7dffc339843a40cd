import { buildReport } from '@bulkhead/prover';
import type { ExitCode } from '../command-line/command.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { deliver } from './output.ts';
import { prepare, requestParts, scanParts, scanWithProgress } from './prepare.ts';
import type { ProverValues } from './settings.ts';
import { withTarget } from './withTarget.ts';

/** Scans the named database and reports. @throws CommandFailure when the command line or the database is not as it must be */
export async function scanDatabase(
  values: ProverValues & { 'fail-on': string | undefined },
  terminal: Terminal,
): Promise<ExitCode> {
  const prepared = await prepare(values, terminal.folder);
  const startedAt = new Date();
  const begin = performance.now();
  const result = await withTarget(values, terminal, ({ client }) =>
    scanWithProgress(client, prepared.model, terminal),
  );
  const report = buildReport({
    command: 'scan',
    startedAt,
    seconds: (performance.now() - begin) / 1000,
    ...scanParts(result),
    attack: null,
    unseen: result.unseen,
    ...requestParts(prepared),
  });
  return deliver(report, { files: prepared.files, baseline: values['write-baseline'] }, terminal);
}
