import { alwaysTrue, anySession, bypassSetting, openWithoutIdentity, widened } from './openPolicies.ts';
import { notForced, nothingPermitted, policiesWithoutSecurity, rowSecurityOff } from './rowSecurity.ts';
import type { Rule } from './rule.ts';
import { changesWiderThanReads, neitherClause, weakCheck } from './writes.ts';

/** All rules, by id. */
export const rules: readonly Rule[] = [
  rowSecurityOff,
  policiesWithoutSecurity,
  notForced,
  nothingPermitted,
  alwaysTrue,
  anySession,
  widened,
  bypassSetting,
  openWithoutIdentity,
  weakCheck,
  neitherClause,
  changesWiderThanReads,
].toSorted((a, b) => a.id.localeCompare(b.id));
