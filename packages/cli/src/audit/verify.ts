import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  openAnchor,
  openS3Bucket,
  parseS3Address,
  verifyDatabase,
  verifyExport,
  type ChainReport,
  type NoteSource,
  type Start,
  type VerifyOptions,
} from '@bulkhead/platform/audit/ledger';
import { exit, type ExitCode, type Values } from '../command-line/command.ts';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { asAuditor, givenKeys } from './asAuditor.ts';
import type { auditOptions } from './options.ts';

export type VerifyValues = Values<typeof auditOptions> & {
  file: string | undefined;
  anchor: readonly string[] | undefined;
  tenant: string | undefined;
  resume: string | undefined;
};

type Told = ChainReport & { origin: string; waiting?: number };

/** One line for each chain that holds, one for each finding. */
function say(reports: readonly Told[]): string {
  const lines = reports.flatMap(
    ({ origin, entries, cut, withheld, checkpoints, checkpointed, size, waiting = 0, findings }) => {
      if (findings.length > 0)
        return findings.map(({ kind, seq, detail }) => `TAMPERED ${origin} at ${seq} (${kind}): ${detail}`);
      const notes = [
        cut > 0 ? `${cut} behind a cut` : '',
        withheld > 0 ? `${withheld} not given` : '',
        size > checkpointed ? `${size - checkpointed} not signed yet` : '',
        waiting > 0 ? `${waiting} not sealed yet` : '',
      ].filter((text) => text !== '');
      return [
        `${origin}: ${entries} entries hold, ${checkpoints} checkpoints agree${notes.map((text) => `, ${text}`).join('')}`,
      ];
    },
  );
  return lines.length === 0 ? 'There is no chain yet, and no checkpoint of one was kept.' : lines.join('\n');
}

/** A bar for the person waiting: at most one line a second. */
function progressOf({ progress }: Terminal, now: () => number) {
  let last = now();
  return (done: number, total: number): void => {
    if (now() - last < 1000) return;
    last = now();
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const bar = '#'.repeat(Math.floor(share * 30)).padEnd(30, '.');
    progress(
      `[${bar}] ${Math.floor(share * 100)} %, ${done.toLocaleString('en')} of ${total.toLocaleString('en')} entries`,
    );
  };
}

type Kept = Record<string, { size: number; peaks: string[]; previous: string }>;

async function readResume(path: string): Promise<Map<string, Start>> {
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as Kept;
    return new Map(
      Object.entries(kept).map(([chain, { size, peaks, previous }]) => [
        chain,
        {
          size,
          peaks: peaks.map((peak) => Buffer.from(peak, 'base64')),
          previous: Buffer.from(previous, 'base64'),
        },
      ]),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

async function keepResume(path: string, positions: ReadonlyMap<string, Start>): Promise<void> {
  const kept: Kept = Object.fromEntries(
    [...positions].map(([chain, { size, peaks, previous }]) => [
      chain,
      { size, peaks: peaks.map((peak) => peak.toString('base64')), previous: previous.toString('base64') },
    ]),
  );
  await writeFile(`${path}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Folders and files as they are; buckets by the SDK's own credentials. */
async function openAnchors(values: VerifyValues, { folder, env }: Terminal): Promise<NoteSource[]> {
  const [region, endpoint] = [env['BULKHEAD_AUDIT_S3_REGION'], env['BULKHEAD_AUDIT_S3_ENDPOINT']];
  const open = async (name: string): Promise<NoteSource> => {
    const address = parseS3Address(name);
    if (address === undefined) return openAnchor(resolve(folder, name));
    return openS3Bucket({
      ...address,
      ...(region && { region }),
      ...(endpoint && { endpoint }),
    }).openSource();
  };
  return Promise.all((values.anchor ?? []).map(open));
}

async function check(values: VerifyValues, terminal: Terminal): Promise<Told[]> {
  const path = (name: string): string => resolve(terminal.folder, name);
  const anchors = await openAnchors(values, terminal);
  if (values.file !== undefined) {
    const verifiers = givenKeys(values.key ?? []);
    if (verifiers.length === 0)
      throw usageFailure('An export is checked with --key: nothing in the file can vouch for itself.');
    const onProgress = progressOf(terminal, Date.now);
    return [
      await verifyExport(path(values.file), {
        verifiers,
        ...(values.anchor !== undefined && { anchors }),
        onProgress: (done) => onProgress(done, done),
      }),
    ];
  }
  const resume =
    values.resume === undefined ? new Map<string, Start>() : await readResume(path(values.resume));
  const reports = await asAuditor(values, terminal, ({ client, name, keys }) => {
    const options: VerifyOptions = {
      name,
      verifiers: keys,
      anchors,
      resume: new Map(resume),
      onProgress: progressOf(terminal, Date.now),
      onSound: (chain, position) => resume.set(chain, position),
      ...(values.tenant !== undefined && { chain: values.tenant }),
    };
    return Array.fromAsync(verifyDatabase(client, options));
  });
  if (values.resume !== undefined) await keepResume(path(values.resume), resume);
  return reports;
}

/** Checks the database or an export. Anything that keeps it from checking ends with 2, never with 0 or 1. */
export async function verify(values: VerifyValues, terminal: Terminal): Promise<ExitCode> {
  let reports: Told[];
  try {
    reports = await check(values, terminal);
  } catch (error) {
    if (error instanceof CommandFailure && error.code === 'usage') {
      throw new CommandFailure('usage', error.message, {
        ...(error.hint !== undefined && { hint: error.hint }),
        exitCode: exit.failed,
      });
    }
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof CommandFailure && error.hint !== undefined ? { hint: error.hint } : {};
    throw new CommandFailure('not_checked', `Could not check: ${message}`, {
      ...hint,
      exitCode: exit.usage,
      cause: error,
    });
  }
  const tampered = reports.some(({ findings }) => findings.length > 0);
  const json = {
    ok: !tampered,
    chains: reports.map((report) => ({ ...report, root: report.root.toString('base64') })),
  };
  terminal.answer({ json, text: say(reports) });
  return tampered ? exit.no : exit.ok;
}
