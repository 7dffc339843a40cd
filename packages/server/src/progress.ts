/** Long work that tells of its progress and stops when the signal is aborted. */
export type Work<Progress, Done> = (options: {
  onProgress: (progress: Progress) => void;
  signal: AbortSignal;
}) => Promise<Done>;

/**
 * The events of work under way: its progress, then its result. A reader that is slower than the work misses progress in
 * between, never the end, so that a slow connection holds no transaction open. A reader that leaves stops the work.
 *
 * @param signal stops the work as a reader that leaves does; the generator then throws what the work throws
 */
export async function* progressEvents<Progress, Done>(
  work: Work<Progress, Done>,
  signal?: AbortSignal,
): AsyncGenerator<Progress | Done, void> {
  const left = new AbortController();
  let latest: { progress: Progress } | undefined;
  let wake = Promise.withResolvers<void>();
  let over = false;
  const running = work({
    onProgress: (progress) => {
      latest = { progress };
      wake.resolve();
    },
    signal: signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]),
  });
  const end = (): void => {
    over = true;
    wake.resolve();
  };
  running.then(end, end);
  try {
    while (!over) {
      // oxlint-disable-next-line no-await-in-loop -- one event after the other
      await wake.promise;
      wake = Promise.withResolvers<void>();
      const told = latest;
      latest = undefined;
      if (told !== undefined) yield told.progress;
      if (latest !== undefined) wake.resolve();
    }
    yield await running;
  } finally {
    left.abort();
    // Whoever left does not want the error; whoever stayed has it from the line above.
    await running.catch(() => undefined);
  }
}
