/** What scan and attack conclude. The JSON report has this form; `schemaVersion` changes when it does. */

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** One violation of one rule. */
export type Finding = {
  /** BH001 … */
  rule: string;
  severity: Severity;
  /** the object, e.g. table public.invoice or function public.f(integer) */
  object: {
    kind:
      | 'table'
      | 'view'
      | 'policy'
      | 'function'
      | 'role'
      | 'schema'
      | 'sequence'
      | 'database'
      | 'publication';
    name: string;
  };
  /** one sentence with the particulars */
  message: string;
  /** SQL that closes it, or null when only a person can decide */
  fix: string | null;
  /** identifies the finding across runs, for baselines: rule and object, never a position */
  fingerprint: string;
};

export type Verdict = 'refused' | 'leaked' | 'inconclusive' | 'not applicable';

/** One attack on one table. */
export type Cell = {
  table: string;
  attack: string;
  verdict: Verdict;
  /** SQLSTATE and message, or `0 rows`, that shows the refusal */
  evidence: string | null;
  /** why it is inconclusive or not applicable */
  reason: string | null;
  /** complete SQL script that shows the leak when pasted into psql; null unless leaked */
  reproduction: string | null;
};

export type ScanResult = { findings: Finding[]; rulesRun: string[]; unseen: { what: string; why: string }[] };

export type AttackResult = {
  role: string;
  tenants: { ours: string; theirs: string } | null;
  cells: Cell[];
  unseen: { what: string; why: string }[];
  /** how it was done, e.g. by SET LOCAL ROLE from a superuser's connection */
  notes?: string[];
};

/** 0 proven, 1 leaks or findings at or above --fail-on, 2 something could not be seen, 3 usage or connection. */
export type ExitCode = 0 | 1 | 2 | 3;
