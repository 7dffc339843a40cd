import type { Client } from '../client/api.ts';

export type Session = Awaited<ReturnType<Client['session']['read']>>;
export type Membership = Session['memberships'][number];
export type Company = Awaited<ReturnType<Client['company']['list']>>['companies'][number];
