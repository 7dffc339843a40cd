/**
 * A database's catalog as plain data, read in one snapshot. Names are unquoted; `id` is the object's oid as text and
 * stable within a snapshot only. Everything a rule looks at is here: a rule never queries.
 */

/** ACL privilege names as `aclexplode` prints them, in lower case: select, insert, update, delete, truncate … */
export type Privilege = string;

/** One grant. `grantee` is a role's name, or `public`. */
export type Grant = { grantee: string; privilege: Privilege; grantable: boolean };

export type Role = {
  name: string;
  superuser: boolean;
  bypassRls: boolean;
  canLogin: boolean;
  createRole: boolean;
  createDatabase: boolean;
  replication: boolean;
  inherit: boolean;
  /** roles this one is a direct member of; `set` and `inherit` as Postgres 16 has them, both true before */
  memberOf: { role: string; inherit: boolean; set: boolean; admin: boolean }[];
  /** settings of `alter role … set`, as `name=value` */
  settings: string[];
};

export type Schema = { name: string; owner: string; grants: Grant[] };

/** r table, p partitioned table, v view, m materialized view, f foreign table. */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f';

export type Column = {
  name: string;
  type: string;
  /** the type's underlying base type when it is a domain */
  baseType: string;
  notNull: boolean;
  hasDefault: boolean;
  defaultExpression: string | null;
  generated: 'stored' | 'virtual' | null;
  identity: 'always' | 'by default' | null;
  position: number;
  grants: Grant[];
};

export type Policy = {
  name: string;
  permissive: boolean;
  command: 'all' | 'select' | 'insert' | 'update' | 'delete';
  /** role names, or `public` */
  roles: string[];
  /** deparsed; null when not given */
  using: string | null;
  withCheck: string | null;
};

export type KeyKind = 'primary' | 'unique' | 'exclusion';
/** An expression stands in `columns` as its text. `bare`: a unique index that no constraint made. */
export type Key = { name: string; kind: KeyKind; columns: string[]; predicate: string | null; bare: boolean };

export type ForeignKey = {
  name: string;
  columns: string[];
  parentId: string;
  parentColumns: string[];
  onDelete: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
  onUpdate: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
  validated: boolean;
};

export type Index = {
  name: string;
  /** key columns in order; null for an expression */
  columns: (string | null)[];
  expressions: string[];
  method: string;
  unique: boolean;
  valid: boolean;
  predicate: string | null;
};

export type Trigger = { name: string; functionId: string; enabled: boolean; definition: string };

export type Relation = {
  id: string;
  schema: string;
  name: string;
  kind: RelationKind;
  owner: string;
  rls: boolean;
  forceRls: boolean;
  /** the first parent's id when it is a partition or an inheritance child */
  parentId: string | null;
  isPartition: boolean;
  /** planner's estimate; -1 when never analysed */
  estimatedRows: number;
  options: string[];
  /** deparsed body of a view or materialized view */
  definition: string | null;
  /** ids of relations that a view reads, directly */
  reads: string[];
  columns: Column[];
  grants: Grant[];
  policies: Policy[];
  keys: Key[];
  foreignKeys: ForeignKey[];
  indexes: Index[];
  triggers: Trigger[];
  checks: { name: string; expression: string }[];
  comment: string | null;
  /** the extension it belongs to */
  extension: string | null;
};

export type Routine = {
  id: string;
  schema: string;
  name: string;
  /** identity arguments, as in regprocedure */
  arguments: string;
  owner: string;
  language: string;
  securityDefiner: boolean;
  volatility: 'immutable' | 'stable' | 'volatile';
  leakproof: boolean;
  returnsTrigger: boolean;
  returns: string;
  settings: string[];
  /** source text; null for C and internal */
  body: string | null;
  /** whether the body is in the SQL standard's form, bound at creation */
  standardBody: boolean;
  grants: Grant[];
  /** false when nobody changed its ACL: then PUBLIC may execute it */
  grantsExplicit: boolean;
  /** the whole `create function` statement of a function in PL/pgSQL, else null */
  definition: string | null;
  /** the extension it belongs to */
  extension: string | null;
};

export type Sequence = {
  id: string;
  schema: string;
  name: string;
  owner: string;
  ownedBy: string | null;
  grants: Grant[];
};
export type Publication = {
  name: string;
  allTables: boolean;
  tables: { id: string; filter: string | null }[];
};
export type DefaultGrant = { role: string; schema: string | null; objectKind: string; grants: Grant[] };
export type Extension = { name: string; schema: string; version: string };

/** Something the reader could not see, so that no rule may pass on it. */
export type Unseen = { what: string; why: string };

export type Catalog = {
  /** `settings`: of `alter database … set`, as `name=value`; `versionNumber` as 180001 for 18.1 */
  server: { version: string; versionNumber: number; database: string; encoding: string; settings: string[] };
  /** the role the catalog was read as */
  reader: string;
  roles: Role[];
  schemas: Schema[];
  relations: Relation[];
  routines: Routine[];
  sequences: Sequence[];
  publications: Publication[];
  defaultGrants: DefaultGrant[];
  extensions: Extension[];
  databaseGrants: Grant[];
  largeObjects: number;
  unseen: Unseen[];
};
