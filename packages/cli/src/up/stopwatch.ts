/** Times the phases of a start. */
export type Stopwatch = {
  /** Runs `work` and notes how long it took, in whole milliseconds. */
  time<Result>(phase: string, work: () => Promise<Result>): Promise<Result>;
  readonly phases: Readonly<Record<string, number>>;
};

/** @param now milliseconds on a clock that never goes back */
export function startStopwatch(now: () => number = () => performance.now()): Stopwatch {
  const phases: Record<string, number> = {};
  return {
    phases,
    time: async (phase, work) => {
      const start = now();
      try {
        return await work();
      } finally {
        phases[phase] = Math.round(now() - start);
      }
    },
  };
}
