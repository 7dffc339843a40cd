export type Benchmark = {
  /** what was compared, in a sentence */
  compared: string;
  /** DESIGN's budgets, by key */
  targets: Record<string, string>;
  run: (options: {
    quick: boolean;
    progress: (line: string) => void;
    /** SQL file of supabase/supa_audit, for the benchmark that compares with it. */
    supaAudit?: string | undefined;
  }) => Promise<Record<string, number | string>>;
};
