import type { TenantPool } from '@bulkhead/kernel';
import { readMailQueue } from '@bulkhead/platform/mail';
import type { MailQueue } from '@bulkhead/platform/mail';
import type { Pool } from 'pg';
import type { Secrets } from '../secrets/secrets.ts';
import type { Metrics } from './metrics.ts';

/** A thing this server needs, and whether it answers. */
export type DependencyState = {
  name: 'database.app' | 'database.identity' | 'database.worker' | 'limits' | 'mail' | 'secrets';
  state: 'up' | 'down';
  /** Milliseconds its answer took; null where nothing was asked. */
  milliseconds: number | null;
  /** In words, without a value of anybody's. */
  note: string | null;
};

export type DependencyParts = {
  pools: {
    tenants: Pick<TenantPool, 'usage' | 'counters'>;
    identity: Pool;
    worker: Pool | undefined;
    inspection: Pick<Pool, 'query'>;
  };
  clock: () => number;
  secrets: Pick<Secrets, 'states'>;
  limitStore: () => { away: boolean } | undefined;
};

/** A message that waits longer, in seconds, says that mail does not leave. */
const patience = 300;
/** Milliseconds that the outbox's figures are used again: several gauges read the same. */
const freshFor = 2000;

/** Asks everything this server needs whether it answers; never throws. */
export async function lookAtDependencies(parts: DependencyParts): Promise<DependencyState[]> {
  const { pools, limitStore, secrets } = parts;
  const store = limitStore();
  const bad = secrets.states().filter(({ problem, restartNeeded }) => problem !== null || restartNeeded);
  const asked = await Promise.all([
    ask('database.app', () => pools.inspection.query('select 1')),
    ask('database.identity', () => pools.identity.query('select 1')),
    ...(pools.worker === undefined
      ? []
      : [
          ask('database.worker', () => pools.worker?.query('select 1') ?? Promise.resolve()),
          mailState(pools.worker, parts.clock),
        ]),
  ]);
  const known = [
    ...(store === undefined ? [] : [told('limits', !store.away, 'the store of the counts does not answer')]),
    told('secrets', bad.length === 0, `to look after: ${bad.map(({ setting }) => setting).join(', ')}`),
  ];
  return [...asked, ...known];
}

/** Figures of what a server uses, for Prometheus. */
export function describeDependencies(metrics: Metrics, { pools, clock, secrets }: DependencyParts): void {
  metrics.gauge({
    name: 'bulkhead_pool_connections',
    help: 'Connections of a pool: idle, in use, and requests that wait for one.',
    labels: ['pool', 'state'],
    read: () => [
      ...usageOf('app', pools.tenants.usage()),
      ...usageOf('identity', pools.identity),
      ...(pools.worker === undefined ? [] : usageOf('worker', pools.worker)),
    ],
  });
  metrics.gauge({
    name: 'bulkhead_tenant_statements',
    help: 'Statements under tenants’ contexts since the start, by what became of them; rows of another tenant must stay 0.',
    labels: ['outcome'],
    read: () => {
      const { statements, refusals, crossTenantRows } = pools.tenants.counters();
      return [
        { labels: { outcome: 'run' }, value: statements },
        {
          labels: { outcome: 'refused' },
          value: Object.values(refusals).reduce((sum, count) => sum + count, 0),
        },
        { labels: { outcome: 'cross_tenant_rows' }, value: crossTenantRows },
      ];
    },
  });
  metrics.gauge({
    name: 'bulkhead_secrets_to_look_after',
    help: 'Secrets whose file is exposed or unfit, or that need a restart.',
    read: () => [
      {
        value: secrets.states().filter(({ problem, restartNeeded }) => problem !== null || restartNeeded)
          .length,
      },
    ],
  });
  const { worker } = pools;
  if (worker !== undefined) describeOutbox(metrics, { worker, clock });
}

function describeOutbox(metrics: Metrics, { worker, clock }: { worker: Pool; clock: () => number }): void {
  let known: { until: number; queue: Promise<MailQueue> } | undefined;
  const queue = (): Promise<MailQueue> => {
    if (known === undefined || known.until <= clock()) {
      known = { until: clock() + freshFor, queue: readMailQueue(worker, clock) };
    }
    return known.queue;
  };
  const figures = {
    bulkhead_outbox_waiting: ['Messages that wait to be sent.', 'waiting'],
    bulkhead_outbox_oldest_seconds: ['How long the oldest message has waited.', 'oldestSeconds'],
    bulkhead_outbox_dead: ['Messages given up within the last day.', 'dead'],
  } as const;
  for (const [name, [help, figure]] of Object.entries(figures)) {
    metrics.gauge({ name, help, read: async () => [{ value: (await queue())[figure] }] });
  }
}

function usageOf(
  pool: string,
  { totalCount, idleCount, waitingCount }: Pick<Pool, 'totalCount' | 'idleCount' | 'waitingCount'>,
) {
  return [
    { labels: { pool, state: 'idle' }, value: idleCount },
    { labels: { pool, state: 'in_use' }, value: totalCount - idleCount },
    { labels: { pool, state: 'waiting' }, value: waitingCount },
  ];
}

async function ask(
  name: DependencyState['name'],
  question: () => Promise<unknown>,
): Promise<DependencyState> {
  const start = performance.now();
  const answered = await question().then(
    () => true,
    () => false,
  );
  return {
    name,
    state: answered ? 'up' : 'down',
    milliseconds: Math.round((performance.now() - start) * 10) / 10,
    note: null,
  };
}

function told(name: DependencyState['name'], up: boolean, note: string): DependencyState {
  return { name, state: up ? 'up' : 'down', milliseconds: null, note: up ? null : note };
}

async function mailState(worker: Pool, clock: () => number): Promise<DependencyState> {
  try {
    const { oldestSeconds, lastError } = await readMailQueue(worker, clock);
    const note = `a message waits for ${oldestSeconds} s${lastError === null ? '' : ` (${lastError})`}`;
    return told('mail', oldestSeconds <= patience, note);
  } catch {
    return told('mail', false, 'the outbox cannot be read');
  }
}
