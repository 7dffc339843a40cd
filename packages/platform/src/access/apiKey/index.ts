export { createApiKey, listApiKeys, revokeApiKey } from './manage.ts';
export type { ApiKey, ApiKeyKind, MakingApiKey, NewApiKey } from './manage.ts';
export { openApiKey } from './open.ts';
export type { OpenApiKey } from './open.ts';
export { apiKeyPrefix } from './token.ts';
