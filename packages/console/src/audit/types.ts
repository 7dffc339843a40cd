import type { Client } from '../client/api.ts';

export type Checkpoint = Awaited<ReturnType<Client['audit']['checkpoint']>>;
