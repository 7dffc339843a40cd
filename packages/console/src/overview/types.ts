import type { Client } from '../client/api.ts';

export type Profile = Awaited<ReturnType<Client['books']['profiles']['get']>>;
export type Period = Awaited<ReturnType<Client['books']['periods']['list']>>[number];

/** Income and expense of one month, decimal strings. */
export type MonthFigures = { startsOn: string; income: string; expenses: string };
