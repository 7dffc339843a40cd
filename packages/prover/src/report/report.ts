import type { Finding, Severity, Verdict } from '../findings.ts';
import type { Preset } from '../model/types.ts';

/** Changes with any change that a reader of the JSON could notice: the second number when something is added. */
export const schemaVersion = '1.0';

/** A finding or a leak that a baseline accepts, and why. */
export type Acceptance = {
  /** the reason given in the baseline; null when it is not accepted */
  accepted: string | null;
};

export type ReportedFinding = Finding & Acceptance;

/** One attack on one table. `fingerprint` identifies it across runs. */
export type ReportedCell = Acceptance & {
  table: string;
  attack: string;
  verdict: Verdict;
  evidence: string | null;
  reason: string | null;
  reproduction: string | null;
  fingerprint: string;
};

export type ReportedUnseen = Acceptance & { what: string; why: string; fingerprint: string };

/** Who may carry an attack out, from the likeliest to the least. */
export type ReportedAttack = {
  id: string;
  title: string;
  threat: 'tenant' | 'injection' | 'side channel';
  /** what a leak by it weighs */
  severity: Severity;
};

/** How tenants are told apart, with the tables by name. */
export type ReportedModel = {
  preset: Preset | null;
  /** e.g. `setting app.tenant_id`, `claim sub of request.jwt.claims`, `the role itself` */
  carriers: string[];
  applicationRoles: string[];
  exposedSchemas: string[];
  tables: { table: string; column: string; via: string | null; origin: string }[];
  unresolved: { table: string; why: string }[];
  shared: { table: string; why: string }[];
  notes: { text: string; origin: string }[];
};

export type Summary = {
  /** findings and leaks that no baseline accepts, by severity */
  findings: Record<Severity, number>;
  leaks: Record<Severity, number>;
  /** all cells, by verdict, accepted ones included */
  cells: Record<Verdict, number>;
  /** things not seen and cells inconclusive, that no baseline accepts */
  unseen: number;
  inconclusive: number;
  accepted: number;
  /** tables with at least one cell, or judged to hold tenants' rows */
  tables: number;
};

export type FailOn = Severity | 'never';

/** What the command did and concluded: the JSON report, described by report.schema.json. */
export type Report = {
  schemaVersion: typeof schemaVersion;
  tool: { name: 'bulkhead'; version: string };
  command: 'scan' | 'attack';
  /** ISO 8601, UTC */
  startedAt: string;
  /** how long it took */
  seconds: number;
  database: { name: string; serverVersion: string; reader: string };
  model: ReportedModel;
  scan: { rules: { id: string; title: string; severity: Severity }[]; findings: ReportedFinding[] } | null;
  attack: {
    role: string;
    tenants: { ours: string; theirs: string } | null;
    attacks: ReportedAttack[];
    cells: ReportedCell[];
    /** how it was done, e.g. by SET LOCAL ROLE from a superuser's connection */
    notes: string[];
  } | null;
  unseen: ReportedUnseen[];
  summary: Summary;
  /** null when none was given; `stale` are entries that nothing matches any more */
  baseline: { stale: string[] } | null;
  failOn: FailOn;
  /** 0 proven, 1 findings or leaks at or above `failOn`, 2 something could not be seen */
  exitCode: 0 | 1 | 2;
};

export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
export const verdicts = ['refused', 'leaked', 'inconclusive', 'not applicable'] as const;

/** Whether a finding of this severity makes the command fail. */
export const failsOn = (severity: Severity, failOn: FailOn): boolean =>
  failOn !== 'never' && severities.indexOf(severity) <= severities.indexOf(failOn);
