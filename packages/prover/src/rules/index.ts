import { exposedExtension, largeObjects, notifiedRows, publishedRows, serverDefects } from './channels.ts';
import {
  identitySetter,
  injectableDefiner,
  mutableSearchPath,
  publicDefiner,
  unconfinedDefiner,
} from './definers.ts';
import {
  anonymousWrites,
  beyondPolicies,
  defaultGrants,
  mayCreate,
  publicGrant,
  readableSequence,
  sensitiveColumn,
} from './grants.ts';
import {
  hardCodedTenant,
  patternIdentity,
  plainSetting,
  roleAsIdentity,
  softDeleteRefused,
  unsetSetting,
  writableClaim,
} from './identitySource.ts';
import { crossingKey, tellingUnique } from './keys.ts';
import { alwaysTrue, anySession, bypassSetting, openWithoutIdentity, widened } from './openPolicies.ts';
import { nullableTenant, readsWritableTable, unboundLookup } from './policyReads.ts';
import {
  calledPerRow,
  noPolicyIndex,
  severalPermissive,
  unusableIndex,
  wrappedColumn,
} from './policySpeed.ts';
import { applicationOwns, inertPolicy, observer, powerfulRole, reachableRole } from './roles.ts';
import { notForced, nothingPermitted, policiesWithoutSecurity, rowSecurityOff } from './rowSecurity.ts';
import { addressAsIdentity, anyBucket, unknownRole } from './supabase.ts';
import { inertFloor } from './restrictive.ts';
import {
  accountsView,
  foreignTable,
  leakyView,
  materialized,
  ownersView,
  unprotectedChild,
} from './views.ts';
import { immutableReader, leakproofRoutine, volatileInPolicy } from './volatility.ts';
import { changesWiderThanReads, neitherClause, weakCheck } from './writes.ts';
import { otherColumn } from './otherColumn.ts';
import type { Rule } from './rule.ts';

/** All rules, by id. */
export const rules: readonly Rule[] = [
  otherColumn,
  publishedRows,
  largeObjects,
  notifiedRows,
  serverDefects,
  exposedExtension,
  mutableSearchPath,
  unconfinedDefiner,
  publicDefiner,
  injectableDefiner,
  identitySetter,
  beyondPolicies,
  publicGrant,
  mayCreate,
  defaultGrants,
  anonymousWrites,
  sensitiveColumn,
  readableSequence,
  writableClaim,
  roleAsIdentity,
  patternIdentity,
  hardCodedTenant,
  unsetSetting,
  plainSetting,
  softDeleteRefused,
  crossingKey,
  tellingUnique,
  alwaysTrue,
  anySession,
  widened,
  bypassSetting,
  openWithoutIdentity,
  readsWritableTable,
  unboundLookup,
  nullableTenant,
  calledPerRow,
  noPolicyIndex,
  wrappedColumn,
  unusableIndex,
  severalPermissive,
  powerfulRole,
  reachableRole,
  applicationOwns,
  inertPolicy,
  observer,
  rowSecurityOff,
  policiesWithoutSecurity,
  notForced,
  nothingPermitted,
  anyBucket,
  addressAsIdentity,
  unknownRole,
  inertFloor,
  ownersView,
  leakyView,
  materialized,
  foreignTable,
  accountsView,
  unprotectedChild,
  volatileInPolicy,
  immutableReader,
  leakproofRoutine,
  weakCheck,
  neitherClause,
  changesWiderThanReads,
].toSorted((a, b) => a.id.localeCompare(b.id));
