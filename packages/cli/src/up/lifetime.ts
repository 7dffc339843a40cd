/** Why a running instance is asked to stop. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'parent';

type Signals = {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
};

export type Lifetime = {
  /** Aborted at the first request to stop; its reason is a StopReason. */
  readonly signal: AbortSignal;
  /** Resolves with the reason of the first request to stop. */
  readonly stopAsked: Promise<StopReason>;
  /** Stops listening. */
  end(): void;
};

/**
 * Watches for requests to stop: Ctrl-C, SIGTERM, SIGHUP, and, where `watchParent` is given, the
 * end of the process that started this one. The second Ctrl-C or SIGTERM calls `force`.
 */
export function watchLifetime(options: {
  readonly force: () => void;
  readonly signals?: Signals;
  /** Tells the current parent's process id; asked each `parentEveryMs` (default 500). */
  readonly watchParent?: () => number;
  readonly parentEveryMs?: number;
}): Lifetime {
  const signals = options.signals ?? process;
  const controller = new AbortController();
  const asked = Promise.withResolvers<StopReason>();
  const ask = (reason: StopReason, insist: boolean): void => {
    if (!controller.signal.aborted) {
      controller.abort(reason);
      asked.resolve(reason);
    } else if (insist) options.force();
  };
  const listeners: [string, () => void][] = [
    ['SIGINT', () => ask('SIGINT', true)],
    ['SIGTERM', () => ask('SIGTERM', true)],
    ['SIGHUP', () => ask('SIGHUP', false)],
  ];
  for (const [event, listener] of listeners) signals.on(event, listener);

  const parent = options.watchParent?.();
  const timer =
    parent === undefined
      ? undefined
      : setInterval(() => {
          if (options.watchParent?.() !== parent) ask('parent', false);
        }, options.parentEveryMs ?? 500);
  timer?.unref();
  return {
    signal: controller.signal,
    stopAsked: asked.promise,
    end: () => {
      clearInterval(timer);
      for (const [event, listener] of listeners) signals.off(event, listener);
    },
  };
}
