import { setTimeout as wait } from 'node:timers/promises';

export type Patience = {
  /** What is waited for, as the error names it. */
  what: string;
  /** Milliseconds; default 20,000. */
  within?: number;
};

/**
 * Asks again and again until something is there. For what sends no event that a test could wait for: a server of
 * somebody else's that has yet to listen, the duty of a server under test.
 *
 * @param probe answers `undefined` as long as there is nothing; what it throws ends the waiting
 * @throws Error when the time is over
 */
export async function eventually<Found>(
  probe: () => Promise<Found | undefined>,
  { what, within = 20_000 }: Patience,
): Promise<Found> {
  const end = Date.now() + within;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- until it is there
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`Waited ${within} ms in vain for ${what}.`);
    // oxlint-disable-next-line no-await-in-loop
    await wait(50);
  }
}
