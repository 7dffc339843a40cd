import type { Client } from '../client/api.ts';

export type Period = Awaited<ReturnType<Client['books']['periods']['list']>>[number];
