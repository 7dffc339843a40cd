import {
  rules,
  scan,
  type Baseline,
  type ModelSettings,
  type ReportParts,
  type Scan,
} from '@bulkhead/prover';
import type pg from 'pg';
import type { Terminal } from '../command-line/terminal.ts';
import { readVersion } from '../commands/version.ts';
import { loadBaseline, reportFiles, type ReportFile } from './output.ts';
import { proverSettings, type ProverSettings, type ProverValues } from './settings.ts';

export type Prepared = ProverSettings & {
  files: readonly ReportFile[];
  known: Baseline | null;
  version: string;
};

/** Everything that can be wrong with a command line and its files, before the database is touched. */
export async function prepare(
  values: ProverValues & { 'fail-on': string | undefined },
  folder: string,
): Promise<Prepared> {
  const settings = await proverSettings(values, folder);
  const files = reportFiles(values.report, folder);
  const [known, { bulkhead }] = await Promise.all([loadBaseline(settings.baseline, folder), readVersion()]);
  return { ...settings, files, known, version: bulkhead };
}

const stages = {
  catalog: 'Reading the catalog …',
  parse: 'Parsing policies, views and functions …',
  model: 'Working out how tenants are told apart …',
  rules: 'Running the rules …',
} as const;

/** Scans, telling the person waiting of each stage. */
export function scanWithProgress(
  client: pg.ClientBase,
  settings: ModelSettings,
  { progress }: Pick<Terminal, 'progress'>,
): Promise<Scan> {
  return scan({ client, settings, onStage: (stage) => progress(stages[stage]) });
}

/** What a scan brings to a report. */
export function scanParts({ findings, rulesRun, catalog, model }: Scan) {
  const run = new Set(rulesRun);
  return {
    catalog,
    model,
    scan: { rules: rules.filter(({ id }) => run.has(id)), findings },
  } satisfies Partial<ReportParts>;
}

/** What the command line brings to it. */
export function requestParts({ version, known, failOn }: Prepared) {
  return {
    version,
    baseline: known,
    ...(failOn === undefined ? {} : { failOn }),
  } satisfies Partial<ReportParts>;
}
