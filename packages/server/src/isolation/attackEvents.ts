import type { AttackEvent } from '../contract/isolation.ts';
import type { AttackEngine, AttackProgress } from './attackEngine.ts';

/**
 * The events of an attack under way. A reader that leaves ends it; one that is slow misses progress in between, never the
 * end.
 */
export async function* attackEvents(
  engine: AttackEngine,
  signal?: AbortSignal,
): AsyncGenerator<AttackEvent, void> {
  const left = new AbortController();
  let latest: AttackProgress | undefined;
  let wake = Promise.withResolvers<void>();
  let over = false;
  const running = engine({
    onProgress: (progress) => {
      latest = progress;
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
    await running.catch(() => undefined);
  }
}
