/** What a scan found; 100 points and what each test adds or takes. */
export type ObservatoryReport = {
  score: number;
  grade: string;
  results: { test: string; result: string; passed: boolean; points: number }[];
};
