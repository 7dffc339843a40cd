import { changing, fresh, observing, residue, stale } from './titles.ts';
import type { Attack, AttackTitle } from '../types.ts';
import {
  insert,
  move,
  remove,
  takeOver,
  truncate,
  unfilteredDelete,
  unfilteredUpdate,
  update,
} from './changes.ts';
import { anonymous, forgery, noContext, planReuse, rewrite, roleChange, writableClaim } from './context.ts';
import { cascade, referring, uniqueness, upsert } from './keys.ts';
import { explain, statistics } from './numbers.ts';
import { errorOracle, reads } from './reads.ts';

/** Every attack on a relation, in the order of a report's columns. */
export const relationAttacks: readonly Attack[] = [
  ...reads,
  errorOracle,
  insert,
  update,
  remove,
  move,
  unfilteredUpdate,
  takeOver,
  unfilteredDelete,
  upsert,
  uniqueness,
  referring,
  cascade,
  truncate,
  noContext,
  anonymous,
  writableClaim,
  planReuse,
  rewrite,
  forgery,
  roleChange,
  explain,
  statistics,
];

/** Every attack there is, in the order of a report's columns. */
export const attacks: readonly AttackTitle[] = [
  ...relationAttacks,
  fresh,
  observing,
  changing,
  stale,
  residue,
];
