export {
  endOperatorEntry,
  enterTenant,
  findTenants,
  listOperatorVisits,
  operatorPermissions,
  readOperatorEntry,
} from './entry.ts';
export type { OperatorEntry, OperatorMode, OperatorVisit } from './entry.ts';
