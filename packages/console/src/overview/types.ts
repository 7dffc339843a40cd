import type { Client } from '../client/api.ts';
import type { Company } from '../session/types.ts';

export type Profile = Awaited<ReturnType<Client['books']['profiles']['get']>>;
export type Period = Awaited<ReturnType<Client['books']['periods']['list']>>[number];

/** A company, with its profile once its books are open. */
export type CompanyRow = Company & { profile: Profile | undefined };

/** Income and expense of one month, decimal strings. */
export type MonthFigures = { startsOn: string; income: string; expenses: string };
