import type { Client } from '../client/api.ts';

export type Application = Awaited<ReturnType<Client['application']['list']>>['applications'][number];

/** A secret that was just made. */
export type Made = { id: string; secret: string };
