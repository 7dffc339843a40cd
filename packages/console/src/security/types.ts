import type { Client } from '../client/api.ts';

export type FactorList = Awaited<ReturnType<Client['factor']['list']>>;
export type Factor = FactorList['factors'][number];
