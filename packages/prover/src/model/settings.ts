import type { IdentityCarrier, Preset } from './types.ts';

/** What the user says of the database; all of it optional, and stronger than what is inferred. */
export type ModelSettings = {
  preset?: Preset;
  /** roles the application runs as, the first being the one to attack as */
  roles?: string[];
  carriers?: IdentityCarrier[];
  /** schemas to look at; default: all that an application role may use */
  schemas?: string[];
  /** tenant column by table, `schema.table`, or by `*` for every table that has it */
  tenantColumns?: Record<string, string>;
  /** tables, `schema.table`, whose rows every tenant may see */
  shared?: string[];
  /** where these come from, to be told in the report. Default `flag` */
  origin?: 'flag' | 'config';
};

/** What each preset takes for granted. */
export const presets: Readonly<
  Record<Preset, { roles: string[]; carriers: IdentityCarrier[]; schemas: string[] | null }>
> = {
  supabase: {
    roles: ['authenticated', 'anon'],
    carriers: [{ kind: 'claim', setting: 'request.jwt.claims', path: ['sub'], cast: 'uuid' }],
    schemas: ['public', 'storage', 'graphql_public'],
  },
  postgrest: {
    roles: ['authenticated', 'web_user', 'anon', 'web_anon'],
    carriers: [{ kind: 'claim', setting: 'request.jwt.claims', path: ['sub'], cast: 'text' }],
    schemas: null,
  },
  setting: { roles: [], carriers: [], schemas: null },
  role: { roles: [], carriers: [{ kind: 'role' }], schemas: null },
  bulkhead: {
    roles: ['bulkhead_app'],
    carriers: [{ kind: 'sealed', setting: 'bulkhead.context' }],
    schemas: null,
  },
};

/** Schemas of platforms and tools that their makers look after: policies in them are not the user's to change. */
export const managedSchemas = new Set([
  '_analytics',
  '_realtime',
  '_timescaledb_cache',
  '_timescaledb_catalog',
  '_timescaledb_config',
  '_timescaledb_internal',
  'auth',
  'cron',
  'extensions',
  'graphql',
  'graphql_public',
  'net',
  'pgbouncer',
  'pgmq',
  'pgsodium',
  'pgsodium_masks',
  'pgtle',
  'realtime',
  'repack',
  'storage',
  'supabase_functions',
  'supabase_migrations',
  'tiger',
  'topology',
  'vault',
]);

/** Column names that name a tenant in most schemas, the likeliest first. Only used for tables that no policy tells of. */
export const tenantNames = [
  'tenant_id',
  'tenantid',
  'tenant',
  'org_id',
  'organization_id',
  'organisation_id',
  'workspace_id',
  'account_id',
  'company_id',
  'customer_id',
  'team_id',
  'client_id',
  'user_id',
  'owner_id',
  'owner',
  'created_by',
];
