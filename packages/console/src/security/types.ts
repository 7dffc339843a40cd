import type { Client } from '../client/api.ts';

export type FactorList = Awaited<ReturnType<Client['factor']['list']>>;
export type Factor = FactorList['factors'][number];

export type DeviceSession = Awaited<ReturnType<Client['session']['list']>>['sessions'][number];
export type SessionsToEnd = { kind: 'one'; session: DeviceSession } | { kind: 'others' } | { kind: 'all' };
