import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findComponent, type Component } from '../harness/index.ts';
import type { Target } from './target.ts';

const run = promisify(execFile);

/** What a scanner reports: what kind of thing, at which address, in which field. */
export type Finding = { kind: string; at: string; field: string };

export type Scan = {
  /** of wapiti's attacks, by their names there */
  modules: readonly string[];
  /** of sqlmap's techniques: E errors, B answers that differ, U unions, S stacked statements, T time, Q inline queries */
  techniques: string;
  /** sqlmap's: 1 to 5 */
  level: number;
  /** Whether sqlmap goes on only with fields whose first answers look as if there were something. */
  smart: boolean;
  /** milliseconds for one scanner */
  patience: number;
};

/** What `npm test` has the time for. */
export const shortScan: Scan = {
  modules: ['sql', 'xss', 'permanentxss', 'redirect', 'crlf'],
  techniques: 'E',
  level: 1,
  smart: true,
  patience: 600_000,
};

/** `npm run scan`. */
export const longScan: Scan = {
  modules: [...shortScan.modules, 'exec', 'file', 'xxe', 'blindsql'],
  techniques: 'BEUSTQ',
  level: 2,
  smart: false,
  patience: 4 * 3_600_000,
};

type Report = Record<'vulnerabilities' | 'anomalies', Record<string, { path: string; parameter: string }[]>>;

/** Runs wapiti over every form of the relay. Anomalies, such as a status of 500 or no answer, are findings too. */
export function wapiti(target: Target, { modules, patience }: Scan): Promise<Finding[]> {
  return inFolder(async (folder) => {
    const report = join(folder, 'report.json');
    const options: Record<string, string> = {
      '-u': target.relay.url,
      '-d': '1',
      '--scope': 'folder',
      '-m': modules.join(','),
      '-f': 'json',
      '-o': report,
      '-v': '0',
      // Seconds an answer may take before that is a finding of its own.
      '-t': '60',
      '--store-session': join(folder, 'session'),
      '--store-config': join(folder, 'config'),
    };
    await start('wapiti', ['--no-bugreport', ...Object.entries(options).flat()], { folder, patience });
    const { vulnerabilities, anomalies } = JSON.parse(await readFile(report, 'utf8')) as Report;
    return [...Object.entries(vulnerabilities), ...Object.entries(anomalies)].flatMap(([kind, found]) =>
      found.map(({ path, parameter }) => ({ kind, ...placeOf(target, path, parameter) })),
    );
  });
}

/** Runs sqlmap over every form of the relay. What it withdraws itself, as a false positive, is no finding. */
export function sqlmap(target: Target, { techniques, level, smart, patience }: Scan): Promise<Finding[]> {
  return inFolder(async (folder) => {
    const results = join(folder, 'results.csv');
    const options: Record<string, string> = {
      url: target.relay.url,
      dbms: 'postgresql',
      technique: techniques,
      level: String(level),
      risk: '1',
      threads: '4',
      // Refusals are answers like others here: what matters is what else comes back.
      'ignore-code': '400,401,403,404,409,422',
      'output-dir': join(folder, 'output'),
      'results-file': results,
      // The page that is made to be found is no reason to leave the rest of the host alone.
      answers: 'skip further tests=N',
    };
    const flags = [
      '--forms',
      '--batch',
      '--disable-coloring',
      '--skip-waf',
      '--flush-session',
      '--ignore-redirects',
    ];
    const given = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    await start('sqlmap', [...flags, ...(smart ? ['--smart'] : []), ...given], { folder, patience });
    const [heading, ...lines] = (await readFile(results, 'utf8')).trim().split('\n');
    if (heading !== 'Target URL,Place,Parameter,Technique(s),Note(s)')
      throw new Error(`sqlmap wrote ${heading}`);
    return lines.flatMap((line) => {
      const [address = '', , parameter = '', , note] = line.trim().split(',');
      if (note === 'false positive or unexploitable') return [];
      return [{ kind: 'SQL Injection', ...placeOf(target, new URL(address).pathname, parameter) }];
    });
  });
}

function placeOf({ operations }: Target, path: string, parameter: string): Omit<Finding, 'kind'> {
  const operation = operations.find(({ id }) => path === `/procedure/${id}`);
  const index = /^f(\d+)$/.exec(parameter)?.[1];
  return { at: operation?.id ?? path, field: operation?.fields[Number(index)]?.name ?? parameter };
}

async function start(
  name: Component,
  options: readonly string[],
  { folder, patience }: { folder: string; patience: number },
): Promise<void> {
  await run(findComponent(name) ?? name, options, {
    cwd: folder,
    timeout: patience,
    maxBuffer: 256 * 1024 * 1024,
    // They keep files of their own at home.
    env: { PATH: '/usr/bin:/bin', HOME: folder, TERM: 'dumb', LANG: 'C.UTF-8' },
  });
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-scan-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
