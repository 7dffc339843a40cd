/** How a database tells tenants apart, as inferred from its policies or as the user said. */

export type Preset = 'supabase' | 'postgrest' | 'setting' | 'role' | 'bulkhead';

/** How a session says for whom it acts. */
export type IdentityCarrier =
  /** a plain setting, e.g. `app.tenant_id`; `cast` is the type its text is cast to */
  | { kind: 'setting'; name: string; cast: string }
  /** a claim in a JSON setting, e.g. `request.jwt.claims` -> `sub`; `path` from the root */
  | { kind: 'claim'; setting: string; path: string[]; cast: string }
  /** the database role itself, one for each tenant */
  | { kind: 'role' }
  /** Bulkhead's sealed context */
  | { kind: 'sealed'; setting: string };

/** Where each conclusion comes from, so that a report can say it. */
export type Origin = 'inferred' | 'preset' | 'flag' | 'config';

export type TenantTable = {
  /** relation id of the catalog */
  relationId: string;
  /** the column whose value says whose the row is */
  column: string;
  /** how the identity leads to the column: directly, or through a membership table */
  via:
    | { kind: 'direct' }
    | { kind: 'membership'; relationId: string; identityColumn: string; tenantColumn: string };
  origin: Origin;
};

export type TenantModel = {
  preset: Preset | null;
  carriers: IdentityCarrier[];
  /** roles the application runs as, the first being the one to attack as */
  applicationRoles: string[];
  /** schemas a client can reach */
  exposedSchemas: string[];
  tables: TenantTable[];
  /** tables that look like tenant data and for which no column was found */
  unresolved: { relationId: string; why: string }[];
  /** tables judged to be shared reference data, and why */
  shared: { relationId: string; why: string }[];
  notes: { text: string; origin: Origin }[];
};
