import type { Client } from '../client/api.ts';

export type Usage = Awaited<ReturnType<Client['usage']['read']>>;
export type RateClass = Usage['points'][number]['rateClass'];
