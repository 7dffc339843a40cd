import { missingOptional, type Lockfile } from '../lockfile/platforms.ts';
import { findings, type TrackedFile } from './trackedFiles.ts';

/** A rule about the text of one file. */
export type Rule = (file: TrackedFile) => string[];

const vagueNames = /(?:^|[/._-])(?:utils?|helpers?|managers?|commons?|misc)(?:[/._-]|$)/i;
const vagueSuffix = /(?:Utils?|Helpers?|Manager)(?:\.|$)/;

export const fileNameRule: Rule = ({ path }) =>
  vagueNames.test(path) || vagueSuffix.test(path)
    ? [`${path}: name the file after what it holds, not "utils", "helpers", "manager" or "common"`]
    : [];

/** One file on purpose, made from small ones: an auditor takes the verifier away, a reader wants a whole schema. */
const madeWhole = /^docs\/verify-audit\.mjs$|\/schema\.sql$/;

export const lengthRule: Rule = ({ path, text }) => {
  const lines = text.split('\n').length - 1;
  const source = /\.(?:ts|tsx|js|mjs|css|sql)$/.test(path);
  return source && lines > 400 && !madeWhole.test(path)
    ? [`${path}: ${lines} lines; split it, a source file has at most 400`]
    : [];
};

/** What tests are made of: all but the fault plans, whose load has a pace, and the one place that asks again and again. */
const ofTests =
  /\.test\.tsx?$|^(?:packages|apps)\/[^/]+\/test\/|^test\/(?!faults\/|harness\/eventually\.ts$)/;

export const sleepRule: Rule = (file) =>
  ofTests.test(file.path)
    ? findings(
        file,
        /\bsetTimeout\s*\(|['"](?:node:)?timers\/promises['"]/g,
        'a test must not sleep: wait for the event, or inject the clock',
      )
    : [];

// Written in parts, so that this file does not break its own rule.
const workFolder = new RegExp(`(?<![\\w.)-])/${'work'}/(?:main|shared|\\.)`, 'g');
const registryHost = new RegExp(
  `https?://[\\w.-]*(?:${['artifactory', 'verdaccio', 'nexus'].join('|')})`,
  'g',
);

export const machineRule: Rule = (file) => [
  ...findings(file, workFolder, 'a path of one machine must not be in the repository'),
  ...findings(file, registryHost, 'the address of a private package registry must not be in the repository'),
];

export const lockfileRule: Rule = (file) => {
  if (!file.path.endsWith('package-lock.json')) return [];
  const missing = missingOptional(JSON.parse(file.text) as Lockfile);
  return [
    ...findings(
      file,
      /"resolved": "https?:/g,
      'the lockfile must not hold registry addresses: run npm install with the repository’s .npmrc',
    ),
    ...missing.map(([name]) => `${file.path}: has no entry for ${name}: run "npm run lockfile"`),
  ];
};

const outboundCalls =
  /(?<![\w.$#]|async )fetch\s*\(|from ['"](?:undici|node:https|node:http2|node:tls)['"]|import (?!type)[^;]*\brequest\b[^;]*from ['"]node:http['"]|import (?!type)[^;]*\b(?:connect|createConnection|Socket)\b[^;]*from ['"]node:net['"]|\bnew (?:WebSocket|EventSource)\s*\(/g;

/** Sources that may call out themselves, and why. */
const outboundExceptions: readonly (readonly [path: RegExp, why: string])[] = [
  [/^packages\/platform\/src\/outbound\//, 'the guard itself'],
  [/^packages\/console\/src\//, 'runs in a browser, and reaches its own server alone'],
  [/^packages\/prover\/src\//, 'connects to the database its user names, on that user’s machine'],
  [/^packages\/cli\/src\/embedded\//, 'asks the Postgres it started itself'],
  [
    /^packages\/platform\/src\/audit\/ledger\/witnessAnchor\.ts$/,
    'reaches the witness its operator configured, in whatever network that is',
  ],
];

/** EDG-7: an address that somebody else chose is reached through the guard or not at all. */
export const outboundRule: Rule = (file) => {
  const source =
    /^(?:packages|apps)\/[^/]+\/src\/.*\.tsx?$/.test(file.path) && !/\.test\.tsx?$/.test(file.path);
  if (!source || outboundExceptions.some(([path]) => path.test(file.path))) return [];
  return findings(
    file,
    outboundCalls,
    'calls out by itself: use guardedFetch of @bulkhead/platform/outbound',
  );
};

const htmlSinks =
  /\bdangerouslySetInnerHTML\b|\b(?:inner|outer)HTML\b|\binsertAdjacentHTML\b|\bdocument\.write(?:ln)?\b|\bcreateContextualFragment\b|\bsetHTML(?:Unsafe)?\b|\bparseHTMLUnsafe\b|\bsrc[dD]oc\b|\beval\s*\(|\bnew Function\s*\(/g;

/** EDG-8: pages show what people wrote as text. Nothing here shows their HTML, so nothing has to be sanitised. */
export const htmlRule: Rule = (file) =>
  /^(?:packages|apps)\/[^/]+\/src\/.*\.tsx?$/.test(file.path) && !/\.test\.tsx?$/.test(file.path)
    ? findings(
        file,
        htmlSinks,
        'text must not become HTML or script: show it as text (React), or with escapeHtml of @bulkhead/platform/content',
      )
    : [];

export const rules: readonly Rule[] = [
  fileNameRule,
  lengthRule,
  sleepRule,
  machineRule,
  lockfileRule,
  outboundRule,
  htmlRule,
];
