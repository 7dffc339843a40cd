import type { Pool } from 'pg';

/** Looks in a row that must agree: while servers are replaced one by one, old and new are there for some minutes. */
const patience = 6;

export type ServerCountOptions = {
  /** Connected as bulkhead_worker. */
  worker: Pick<Pool, 'query'>;
  /** One start of one server process; a UUID. */
  serverId: string;
  /** How many servers the configuration says there are: `limits.servers`. */
  configured: number;
  /** Told once when more have been running for some minutes, and once when it is right again. */
  onChange: (change: { running: number; configured: number; tooMany: boolean }) => void;
};

/**
 * Holds `limits.servers` against the servers that run. More than it says is what must not be: then limits open wider while
 * their store is away. Fewer only make them tighter.
 */
export class ServerCount {
  readonly #options: ServerCountOptions;
  #looks = 0;
  #told = false;

  constructor(options: ServerCountOptions) {
    this.#options = options;
  }

  /** Says that this server runs, and counts; once a minute. */
  async beat(): Promise<void> {
    const { worker, serverId, configured, onChange } = this.#options;
    const { rows } = await worker.query<{ running: number }>('select edge.beat($1) as running', [serverId]);
    const running = rows[0]?.running ?? 0;
    this.#looks = running > configured ? this.#looks + 1 : 0;
    const tooMany = this.#looks >= patience;
    const isNews = tooMany ? !this.#told : this.#told && this.#looks === 0;
    if (!isNews) return;
    this.#told = tooMany;
    onChange({ running, configured, tooMany });
  }
}
