import { recordUsage } from '@bulkhead/platform/tenants';
import type { UsageFigure, UsageParts } from '@bulkhead/platform/tenants';
import type { TieredClass } from '../limits/tiers.ts';

const hour = 60 * 60 * 1000;
/** Tenants that one statement writes. */
const portion = 200;

type Hour = Map<string, UsageFigure>;

/**
 * Adds up the requests of each tenant by hour and class, and writes the whole count of each hour under this server's own
 * id. A write whose answer was lost is written again and changes nothing; servers never write the same row.
 */
export class UsageCounter {
  readonly #clock: () => number;
  readonly #hours = new Map<number, Hour>();
  readonly #unwritten = new Set<UsageFigure>();

  constructor({ clock }: { clock: () => number }) {
    this.#clock = clock;
  }

  count(request: { tenant: string; rate: TieredClass; refused: boolean }): void {
    const figure = this.#figureOf(request.tenant, request.rate);
    if (request.refused) figure.refused += 1;
    else figure.answered += 1;
    this.#unwritten.add(figure);
  }

  /** Writes what is new. What fails is kept for the next time. */
  async flush(parts: UsageParts): Promise<void> {
    const figures = [...this.#unwritten];
    const tenants = [...new Set(figures.map(({ tenant }) => tenant))];
    for (let start = 0; start < tenants.length; start += portion) {
      const among = new Set(tenants.slice(start, start + portion));
      // A copy: what is counted while it is written is written the next time.
      const written = figures
        .filter(({ tenant }) => among.has(tenant))
        .map((figure) => [figure, { ...figure }] as const);
      // oxlint-disable-next-line no-await-in-loop -- one statement after the other
      await recordUsage(
        parts,
        written.map(([, copy]) => copy),
      );
      for (const [figure, copy] of written) {
        const unchanged = figure.answered === copy.answered && figure.refused === copy.refused;
        if (unchanged) this.#unwritten.delete(figure);
      }
    }
    this.#forgetPast();
  }

  #figureOf(tenant: string, rateClass: TieredClass): UsageFigure {
    const now = this.#clock();
    const start = now - (now % hour);
    let figures = this.#hours.get(start);
    if (figures === undefined) this.#hours.set(start, (figures = new Map<string, UsageFigure>()));
    const key = `${tenant} ${rateClass}`;
    const known = figures.get(key);
    if (known !== undefined) return known;
    const figure = { tenant, hour: new Date(start), rateClass, answered: 0, refused: 0 };
    figures.set(key, figure);
    return figure;
  }

  /** An hour that has passed counts no more: what of it was written is not needed. */
  #forgetPast(): void {
    const now = this.#clock();
    for (const [start, figures] of this.#hours) {
      if (start + hour > now) continue;
      for (const [key, figure] of figures) if (!this.#unwritten.has(figure)) figures.delete(key);
      if (figures.size === 0) this.#hours.delete(start);
    }
  }
}
