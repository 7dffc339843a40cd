import { testEvent } from '@bulkhead/platform/webhooks/out';
import * as z from 'zod';
import type { Module } from '../../module.ts';

/** A kind of event as endpoints choose it and the API's document tells of it. */
export type CatalogueEvent = { type: string; description: string; schema: z.ZodType };

/** Every event of the platform and of the modules. */
export function eventCatalogue(modules: readonly Module[]): CatalogueEvent[] {
  const declared = modules.flatMap(({ name, events = {} }) =>
    Object.entries(events).map(([event, rest]) => ({ type: `${name}.${event}`, ...rest })),
  );
  return [{ ...testEvent, schema: z.object({ endpointId: z.uuid() }) }, ...declared];
}

/** What an endpoint may listen to: a test goes to the endpoint that is tested, whatever it chose. */
export function choosableEvents(modules: readonly Module[]): CatalogueEvent[] {
  return eventCatalogue(modules).filter(({ type }) => type !== testEvent.type);
}
