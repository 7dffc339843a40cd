import type { ImportEvent } from '../contract/index.ts';
import type { Done, Progress } from './run.ts';

/** Runs an import, telling its progress and stopping when the signal is aborted. */
export type Importing = (tell: (progress: Progress) => void, signal: AbortSignal) => Promise<Done>;

/**
 * The events of an import under way. A reader that is slower than the import misses progress in between, never the
 * end, so that a slow connection holds no transaction open. A reader that leaves stops the import.
 */
export async function* importEvents(
  start: Importing,
  signal?: AbortSignal,
): AsyncGenerator<ImportEvent, void> {
  const left = new AbortController();
  let latest: Progress | undefined;
  let wake = Promise.withResolvers<void>();
  const running = start(
    (progress) => {
      latest = progress;
      wake.resolve();
    },
    signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]),
  );
  let over = false;
  const end = () => {
    over = true;
    wake.resolve();
  };
  running.then(end, end);
  try {
    while (!over) {
      await wake.promise;
      wake = Promise.withResolvers<void>();
      const progress = latest;
      latest = undefined;
      if (progress !== undefined) yield progress;
      if (latest !== undefined) wake.resolve();
    }
    yield await running;
  } finally {
    left.abort();
    // Whoever left does not want the error; whoever stayed has it from the line above.
    await running.catch(() => {});
  }
}
