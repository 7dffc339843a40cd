import { PlatformError } from '../../errors.ts';

/** One kind of event, as a module declares it. */
export type EventKind = {
  /** `module.noun.verb`, as in `books.invoice.submitted`. */
  type: string;
  /** When it happens, in one sentence. */
  description: string;
};

/** What every installation sends: to try an endpoint out. */
export const testEvent: EventKind = {
  type: 'webhooks.test',
  description: 'Somebody tried the endpoint out. Sent to that endpoint alone, whatever it listens to.',
};

/**
 * What an endpoint listens to, each once and in order; null for everything.
 *
 * @throws PlatformError input_invalid, naming what nothing emits
 */
export function readEventTypes(
  types: readonly string[] | null,
  catalogue: readonly EventKind[],
): string[] | null {
  if (types === null) return null;
  const known = new Set(catalogue.map(({ type }) => type));
  const unknown = types.find((type) => !known.has(type));
  if (unknown !== undefined || types.length === 0) {
    const message = unknown === undefined ? 'Choose at least one event.' : `There is no event ${unknown}.`;
    throw new PlatformError('input_invalid', { message, field: 'eventTypes' });
  }
  return [...new Set(types)].toSorted();
}
