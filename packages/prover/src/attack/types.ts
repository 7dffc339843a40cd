import type { Column, Relation } from '../catalog/types.ts';
import type { Verdict } from '../findings.ts';
import type { TenantModel, TenantTable } from '../model/types.ts';
import type { Identity, Side, World } from './identity.ts';
import type { Outcome, Trial } from './outcome.ts';

export type { Side };

/** Column name to SQL literal. */
export type Row = Readonly<Record<string, string>>;

/** What a relation is to an attack: a table, a child of one that is reached by its own name, or a view on one. */
export type TargetKind = 'table' | 'child' | 'view';

export type Target = {
  kind: TargetKind;
  relation: Relation;
  /** schema-qualified and quoted */
  label: string;
  /** the column that says whose a row is; null for a view that does not show it */
  column: Column | null;
  via: TenantTable['via'];
  /** the table whose rows a view shows; for a table, itself */
  base: Relation;
  can: Rights;
};

/** Columns on which the attacking role has the privilege, and privileges on the whole relation. */
export type Rights = {
  select: ReadonlySet<string>;
  insert: ReadonlySet<string>;
  update: ReadonlySet<string>;
  delete: boolean;
  truncate: boolean;
};

/** Who may carry an attack out. */
export type Threat =
  /** any client of the application, with the statements the application runs for it */
  | 'tenant'
  /** one who gets SQL of their own into a statement of the application */
  | 'injection'
  /** tells numbers of rows or estimates, never contents, to one who runs SQL of their own */
  | 'side channel';

/** What one attack concluded on one target. */
export type Conclusion = {
  verdict: Verdict;
  evidence: string | null;
  reason: string | null;
  /** the statements that show the leak, after the ones that made the rows */
  steps?: readonly string[];
  /** the statements that make the rows, where they are not those of the transaction as it stands */
  journal?: readonly string[];
};

/** A target with both tenants' rows made, inside a transaction that will be rolled back. */
export type Scene = {
  target: Target;
  worlds: Readonly<Record<Side, World>>;
  /** rows of the target's base; null where none could be made */
  rows: Readonly<Record<Side, Row | null>>;
  /** why rows are missing */
  trouble: string | null;
  /** runs statements, undoing whatever an earlier call did since the rows were made; the last one's outcome */
  run: (steps: readonly string[]) => Promise<Trial>;
  /** whether `ours` sees its own row, which shows that the identity is the one the policies know */
  oursVisible: () => Promise<Outcome>;
  /** whether somebody with a right to it sees `theirs`, the control of every refusal by zero rows */
  theirsExists: boolean;
  /** how many rows are ours */
  oursCount: number;
  /** identity of a tenant as SQL */
  as: (side: Side) => string;
  /** whoever can take a tenant's row away to make room: the connection's own role, or the tenant */
  asOwner: (side: Side) => string;
  /** any other identity as SQL */
  become: (identity: Identity) => string;
  /** columns that decide which partition a row is in, so that a new row keeps them */
  placed: ReadonlySet<string>;
  /** numbers that differ in every call, for unique values */
  next: () => number;
  /** the row of a tenant in another table, if one was made */
  parent: (relationId: string, side: Side) => Row | null;
  model: TenantModel;
  /** whether the connection's own role is a superuser, which can switch triggers off for a trial */
  superuser: boolean;
  /** a role reached by nobody's sign-in, when the model has one */
  anonymous: Identity | null;
  /** roles that the application's session can take besides its own */
  reachable: readonly string[];
  relations: ReadonlyMap<string, Relation>;
};

export type AttackTitle = {
  /** stable, in reports and baselines */
  id: string;
  title: string;
  threat: Threat;
  /** requirement and trap ids */
  cites: readonly string[];
};

export type Attack = AttackTitle & {
  /** whether it runs a statement that would fire triggers */
  writes: boolean;
  kinds: readonly TargetKind[];
  run: (scene: Scene) => Promise<Conclusion>;
};
