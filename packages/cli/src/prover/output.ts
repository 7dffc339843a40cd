import { readFile, writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import {
  BaselineError,
  readBaseline,
  writeBaseline,
  writeReport,
  type Baseline,
  type Report,
  type ReportFormat,
} from '@bulkhead/prover';
import type { ExitCode } from '../command-line/command.ts';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';

const formats: Readonly<Record<string, ReportFormat>> = {
  '.txt': 'text',
  '.json': 'json',
  '.sarif': 'sarif',
  '.html': 'html',
};

export type ReportFile = { readonly path: string; readonly format: ReportFormat };

/** Where reports go, before any work is done for them. @throws CommandFailure on a name without a known ending */
export function reportFiles(names: readonly string[], folder: string): ReportFile[] {
  return names.map((name) => {
    const format = formats[extname(name)];
    if (format === undefined)
      throw usageFailure(`--report ${name} ends in none of .txt, .json, .sarif, .html.`);
    return { path: resolve(folder, name), format };
  });
}

/** @throws CommandFailure when the file is no baseline */
export async function loadBaseline(name: string | undefined, folder: string): Promise<Baseline | null> {
  if (name === undefined) return null;
  const path = resolve(folder, name);
  try {
    return readBaseline(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof BaselineError) throw usageFailure(`${path} is no baseline: ${error.message}.`);
    throw usageFailure(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Make one with --write-baseline.',
    );
  }
}

/** Writes what was asked for and answers with the report's exit code, which a baseline written just now does not change. */
export async function deliver(
  report: Report,
  { files, baseline }: { files: readonly ReportFile[]; baseline: string | undefined },
  terminal: Terminal,
): Promise<ExitCode> {
  for (const { path, format } of files) {
    await write(path, writeReport(report, format));
    terminal.progress(`Wrote ${path}`);
  }
  if (baseline !== undefined) {
    const path = resolve(terminal.folder, baseline);
    await write(path, writeBaseline(report, 'Accepted when the baseline was written; say why here.'));
    terminal.progress(`Wrote ${path}: its entries are accepted from now on.`);
  }
  terminal.answer({ json: report, text: writeReport(report, 'text').trimEnd() });
  return report.exitCode;
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new CommandFailure(
      'not_written',
      `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
