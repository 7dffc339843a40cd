import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RateClass } from '../contract/index.ts';
import type { DutyRun } from '../duties/duty.ts';

/** What became of a call. */
export type CallOutcome = 'ok' | 'refused' | 'rate_limited' | 'failed';

export type ObservedCall = { rate: RateClass; status: number; seconds: number };

/** How one duty fares on this server. */
export type DutyHealth = { name: string; lastSuccess: Date | null; failures: number };

type DutyRecord = { lastSuccess: number | undefined; lastDone: number | undefined; failures: number };

/** From 1 ms to 10 s. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What a server counts for Prometheus. Labels are names out of fixed sets: never a tenant, an account, an address or a
 * path as sent, which would be without number and nobody's business.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #clock: () => number;
  readonly #calls: Counter<'class' | 'outcome'>;
  readonly #seconds: Histogram<'class'>;
  readonly #requests: Counter<'method' | 'status'>;
  readonly #exceeded: Counter<'limit'>;
  readonly #storeUp: Gauge;
  readonly #duties = new Map<string, DutyRecord>();

  /** @param options.process also the process's own: memory, CPU, event loop. Default true */
  constructor({ clock, process = true }: { clock: () => number; process?: boolean }) {
    this.#clock = clock;
    const registers = [this.registry];
    this.#calls = new Counter({
      name: 'bulkhead_calls_total',
      help: 'Calls of procedures by rate class and outcome; a member of a batch is one.',
      labelNames: ['class', 'outcome'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'bulkhead_call_seconds',
      help: 'How long calls of procedures took, by rate class.',
      labelNames: ['class'],
      buckets,
      registers,
    });
    this.#requests = new Counter({
      name: 'bulkhead_http_requests_total',
      help: 'HTTP requests answered on the public listener, by method and status.',
      labelNames: ['method', 'status'],
      registers,
    });
    this.#exceeded = new Counter({
      name: 'bulkhead_limit_exceeded_total',
      help: 'Requests that found a rate limit used up; where there is a burst, it may have let them pass.',
      labelNames: ['limit'],
      registers,
    });
    this.#storeUp = new Gauge({
      name: 'bulkhead_limit_store_up',
      help: '1 while the store of the rate limits answers, else 0.',
      registers,
    });
    this.#storeUp.set(1);
    this.#describeDuties(registers);
    if (process) collectDefaultMetrics({ register: this.registry });
  }

  call({ rate, status, seconds }: ObservedCall): void {
    this.#calls.inc({ class: rate, outcome: outcomeOf(status) });
    this.#seconds.observe({ class: rate }, seconds);
  }

  request({ method, status }: { method: string; status: number }): void {
    this.#requests.inc({ method: knownMethods.has(method) ? method : 'other', status: String(status) });
  }

  limitExceeded(limit: string): void {
    this.#exceeded.inc({ limit });
  }

  limitStore({ away }: { away: boolean }): void {
    this.#storeUp.set(away ? 0 : 1);
  }

  duty({ duty, outcome }: DutyRun): void {
    const record = this.#duties.get(duty) ?? { lastSuccess: undefined, lastDone: undefined, failures: 0 };
    const now = this.#clock();
    if (outcome === 'failed') record.failures += 1;
    else record.lastSuccess = now;
    if (outcome === 'done') record.lastDone = now;
    this.#duties.set(duty, record);
  }

  /** The duties that ran, by name. */
  duties(): DutyHealth[] {
    return [...this.#duties]
      .map(([name, { lastSuccess, failures }]) => ({
        name,
        lastSuccess: lastSuccess === undefined ? null : new Date(lastSuccess),
        failures,
      }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Adds a figure that is asked for with each scrape; what cannot be asked has no value then. */
  gauge(options: {
    name: string;
    help: string;
    labels?: readonly string[];
    read: () => Promise<readonly GaugeValue[]> | readonly GaugeValue[];
  }): void {
    const { name, help, labels = [], read } = options;
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [this.registry],
      collect: async () => {
        gauge.reset();
        // Without labels, a gauge that was reset says 0.
        if (labels.length === 0) gauge.remove();
        const values = await Promise.resolve()
          .then(read)
          .catch(() => []);
        for (const { labels: named = {}, value } of values) gauge.set(named, value);
      },
    });
  }

  #describeDuties(registers: Registry[]): void {
    const duties = this.#duties;
    const success: Gauge<'duty'> = new Gauge({
      name: 'bulkhead_duty_last_success_timestamp_seconds',
      help: 'When a duty last ran without a failure on this server.',
      labelNames: ['duty'],
      registers,
      collect: () => {
        for (const [duty, { lastSuccess }] of duties) {
          if (lastSuccess !== undefined) success.set({ duty }, lastSuccess / 1000);
        }
      },
    });
    const failures: Gauge<'duty'> = new Gauge({
      name: 'bulkhead_duty_failures',
      help: 'Runs of a duty that failed since this server started.',
      labelNames: ['duty'],
      registers,
      collect: () => {
        for (const [duty, record] of duties) failures.set({ duty }, record.failures);
      },
    });
    this.gauge({
      name: 'bulkhead_audit_sealing_lag_seconds',
      help: 'How long ago this server last found nothing left to seal in the audit log. Where several servers seal, the smallest counts.',
      read: () => {
        const lastDone = duties.get('audit.seal')?.lastDone;
        return lastDone === undefined ? [] : [{ value: Math.max(0, (this.#clock() - lastDone) / 1000) }];
      },
    });
  }
}

export type GaugeValue = { labels?: Record<string, string>; value: number };

const knownMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

function outcomeOf(status: number): CallOutcome {
  if (status < 400) return 'ok';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'failed' : 'refused';
}
