import type { Client } from '../client/api.ts';

/** An operator's own view of being in a tenant. */
export type Stay = NonNullable<Awaited<ReturnType<Client['operator']['stay']>>['stay']>;
/** The same as the tenant sees it. */
export type Visit = Awaited<ReturnType<Client['operator']['visits']>>['visits'][number];
