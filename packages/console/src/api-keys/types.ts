import type { Client } from '../client/api.ts';

export type ApiKey = Awaited<ReturnType<Client['apiKey']['list']>>['apiKeys'][number];
export type ApiKeyKind = ApiKey['kind'];
export type AllowedOrigin = Awaited<ReturnType<Client['allowedOrigin']['list']>>['origins'][number];
